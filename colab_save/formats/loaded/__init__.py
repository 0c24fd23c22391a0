"""What a loaded SavedModel, LiteRT or ONNX file looks like in the notebook."""
