"""What the rules in `workflow/` ask of Python: which files a run makes, and what only its user can bring.

Asked at every start of Snakemake, so nothing here imports an array library.
"""
