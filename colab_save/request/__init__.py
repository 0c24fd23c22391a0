"""What the user wants: frozen requests, their options, typed lines and spelling."""
