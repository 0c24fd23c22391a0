"""Stores behind URLs, through fsspec."""
