"""The objects that a loaded SavedModel, LiteRT or ONNX file becomes in the notebook."""
