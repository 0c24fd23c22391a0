"""Files and configs of Keras: what loading them would import, call or read."""
