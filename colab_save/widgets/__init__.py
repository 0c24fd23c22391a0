"""The panel, made of core ipywidgets, with the same requests, actions and reports as the other frontends."""
