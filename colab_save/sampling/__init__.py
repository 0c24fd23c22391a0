"""Sample inputs: make them, find variables of the notebook that fit a model, and run a model on them."""
