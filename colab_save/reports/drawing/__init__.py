"""Drawings of models and weights, as SVG and text; `picture` draws models, `bars` draws weights."""
