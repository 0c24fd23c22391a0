"""Keras configs, searched for what loading them would import, call or read."""
