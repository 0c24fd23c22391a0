"""Is this file safe to open: read from bytes alone, before Keras, TensorFlow or h5py sees it."""
