"""The life of a version: found, fetched, published, replaced, pruned, deleted, restored."""
