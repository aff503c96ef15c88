"""What the paper claims, and whether it holds in a run."""
