"""The picture of an architecture, as SVG and text; `picture` is the entry."""
