"""What editing changes in wild images, for a claim."""

import logging
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.claims.entries import WILD
from cascade_efgan.claims.wild_numbers import au_approach, change_outside
from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.data.records import landmarks_of, write_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_reader import find_reader
from cascade_efgan.evaluation.packed_edits import Edits, load_edits
from cascade_efgan.evaluation.values import edit_values
from cascade_efgan.stages import options

log = logging.getLogger("efgan.wild_values")


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: options.Crops,
    index: Annotated[Path, Option(help="crops.csv, with landmarks")],
    edits: options.Edits,
    edits_index: options.EditsIndex,
    values: Annotated[Path, Option(help="values of both numbers to write (CSV)")],
    reader: Annotated[str, Option(help="auto, openface, mediapipe or none")] = "auto",
    openface: Annotated[
        str, Option(help="OpenFace's FaceLandmarkImg; by default what OPENFACE_BIN names", envvar="OPENFACE_BIN")
    ] = "",
) -> None:
    """How much nearer to the target the AUs of an edit are than its source's, and its change outside the face."""
    faces, every = load_faces(crops, index), load_edits(edits, edits_index)
    changed = np.flatnonzero(every.changes)  # an edit to the source's own expression need not approach anything
    made = Edits(every.images[changed], every.index.iloc[changed].reset_index(drop=True))
    sources, which = np.unique([faces.places[name] for name in made.index["source_id"]], return_inverse=True)
    landmarks = landmarks_of(faces.index.iloc[sources])
    found = {"change_outside": change_outside(made.images, faces.images[sources], landmarks, which)}
    if reader != "none":
        try:
            program = find_reader(reader, openface)
            found["au_approach"] = au_approach(program, made.images, made.aus, faces.images[sources], which)
        except InputError as error:
            log.warning("%s", error)  # as with the AU error: a measure beyond the paper stops no run
    write_records(values, edit_values(made, found, dataset, WILD, seed))
