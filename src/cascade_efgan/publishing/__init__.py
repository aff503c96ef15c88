"""Weights that come with the package: made small, described, and traceable to the run that trained them."""
