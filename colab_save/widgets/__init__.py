"""The panel: core ipywidgets over the same requests, actions and reports as the other frontends."""
