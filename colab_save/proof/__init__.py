"""The proof of a save: a fresh process reloads what is staged, and both sides are compared."""
