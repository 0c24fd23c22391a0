"""Where artifacts live: one module and one record in `table` for each store."""
