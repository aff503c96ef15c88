"""`results/index.html`: one page, nothing beside it, on which every number shows its trail."""
