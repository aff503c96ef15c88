"""Faces that the project renders itself: people from a seed, expressions as 17 AUs, and their true edits.

Not in the paper: they let every stage run without a licensed data set, and give what no photograph can, the
same person in the same light with any other AUs.
"""

from cascade_efgan.data.rendered.draw import Rendering, openface_csv, render
from cascade_efgan.data.rendered.expression import GAZES
from cascade_efgan.data.rendered.photographs import RenderedFace, face_of_id, sample_plan

__all__ = ["GAZES", "RenderedFace", "Rendering", "face_of_id", "openface_csv", "render", "sample_plan"]
