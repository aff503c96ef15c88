"""One training loop for all methods; the methods differ in their objective."""
