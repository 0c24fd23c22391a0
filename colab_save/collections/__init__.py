"""Several models as one artifact: split them, rebuild their collection, and save extras beside them."""
