"""The fresh process, seen from both sides: jobs, the warm parent that forks it, and how the notebook asks it."""
