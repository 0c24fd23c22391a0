"""What the user asks for: frozen requests, their options, the command lines that are read and written."""
