"""What one save produces: manifest, facts, sample, round trips, and where the files lie."""
