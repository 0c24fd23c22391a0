"""SavedModels and checkpoints of TensorFlow: their files, and the operations in a graph."""
