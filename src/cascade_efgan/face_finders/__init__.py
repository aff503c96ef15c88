"""Faces in photographs, with landmarks and AUs: OpenFace's, or MediaPipe's in its place."""
