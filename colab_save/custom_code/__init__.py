"""The classes and functions that a user wrote: captured as one readable file, signed, and run again."""
