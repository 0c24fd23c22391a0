"""A live Keras model or `tf.Module`: walk it, take its facts, write its configs whole, repair it after loading."""
