"""Sub-commands of `efgan`: each parses its flags, calls the package and writes its files."""
