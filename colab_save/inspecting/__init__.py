"""Inspect model files by their bytes alone, before Keras, TensorFlow or h5py sees them."""
