"""The stores by name; adding one is its file, one line here and one test class."""
