"""SavedModel folders: their graph and the operations in it."""
