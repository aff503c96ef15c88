"""Options that several stages share, each declared once.

A stage that imports this module counts it as its code, and an edit here runs its finished jobs again. So only stages
that evaluate, draw or serve do: those that check data, train a network or make edits declare their own.
"""

from pathlib import Path
from typing import Annotated

from typer import Option

Method = Annotated[str, Option(help="method or control")]
Dataset = Annotated[str, Option(help="data set")]
Seed = Annotated[int, Option(min=0, help="training seed")]
FigureSettings = Annotated[list[str], Option("--set", help="section.key=value; preset and section figures")]
RunDescription = Annotated[Path, Option(help="description of the run, by describe_run (JSON)")]

Crops = Annotated[Path, Option(help="crops.npy, the face crops")]
Index = Annotated[Path, Option(help="crops.csv, with one row per crop")]

Edits = Annotated[Path, Option(help="edits of the test images (NPY)")]
EditsIndex = Annotated[Path, Option(help="index of these edits (CSV), with the target AUs")]
RealStatistics = Annotated[Path, Option(help="feature statistics of real images (safetensors): which network it was")]
RealVectors = Annotated[Path, Option(help="features of every real image (NPY)")]

Metric = Annotated[Path, Option(help="number to write (JSON)")]
Figure = Annotated[tuple[Path, Path, Path], Option(help="figure to write: PNG PDF JSON")]

RunFolder = Annotated[
    Path, Option(help="a trained method's folder, or a folder of runs; default: the last run, else the package's")
]
WeightsFile = Annotated[Path | None, Option(help="weights.safetensors to use instead of --run")]
OpenFace = Annotated[Path | None, Option(help="OpenFace's FaceLandmarkImg; default: OPENFACE_BIN, else MediaPipe")]
Device = Annotated[
    str | None, Option(help="cpu, cuda, or cuda:0 and so on; default: a GPU where there is one, else the CPU")
]
