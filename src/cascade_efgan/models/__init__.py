"""The networks: blocks, generators and discriminators of the six methods."""
