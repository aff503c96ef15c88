"""Where photographs come from: archives, folders and the readers of each data set."""
