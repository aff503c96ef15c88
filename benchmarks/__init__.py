"""Measurements: `python -m benchmarks` compares this project with the public codes, side by side."""
