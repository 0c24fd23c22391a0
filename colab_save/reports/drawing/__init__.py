"""Models and weights as SVG and text; `picture` is the entry."""
