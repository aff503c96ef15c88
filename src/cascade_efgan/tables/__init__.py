"""The paper's Tables 1 to 3, rendered from metric files and the description of the run alone."""
