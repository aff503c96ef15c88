"""Photographs as files: pixels of every format, the zip of a data set's photographs and its table."""
