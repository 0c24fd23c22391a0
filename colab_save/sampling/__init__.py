"""Sample inputs: made, matched with the notebook's variables, and run through a model."""
