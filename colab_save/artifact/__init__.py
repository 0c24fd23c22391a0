"""What one save produces: manifest, facts, sample, round trips, and the layout of its files."""
