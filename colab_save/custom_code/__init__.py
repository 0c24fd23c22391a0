"""The user's own classes and functions: captured as one readable file, signed, run again."""
