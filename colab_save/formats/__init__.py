"""How a model is written, read and run: one module here and one record in `format_table` for each format."""
