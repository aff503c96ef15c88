"""Editing photographs: read one, find its faces, edit them, put them back, write it with its metadata and a mark."""
