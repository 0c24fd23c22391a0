"""Look at saved versions without building a model: layers, weights, TensorBoard, Netron, comparison."""
