"""Several models saved as one artifact: taken apart, joined again, with extras beside them."""
