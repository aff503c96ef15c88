"""What every stage after cropping reads: crops of faces, parts for training and testing, and the patches in a crop."""
