"""OpenFace's output: AUs and landmarks of each photograph, and the images that it is given."""
