"""Stores, where artifacts live: a folder, mounted Drive, a URL. `opening` makes them from the table of stores."""
