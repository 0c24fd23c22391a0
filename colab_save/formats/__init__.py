"""How a model is written, read and run: one module and one record in `table` for each format."""
