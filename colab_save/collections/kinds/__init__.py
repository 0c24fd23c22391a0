"""Values of other libraries and of Python's own classes: taken apart into plain values and arrays, and put together."""
