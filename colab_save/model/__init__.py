"""A live Keras model or `tf.Module`: walked, examined, described, rebuilt."""
