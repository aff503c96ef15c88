"""Edits of test and training images: which are made, and how."""
