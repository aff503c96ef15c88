"""Settings of the data: data sets, OpenFace, crops, split, patches."""

from typing import Literal

from pydantic import Field, model_validator

from cascade_efgan.config.section import Count, Level, Part, Positive, Section, Share, Size

#: The London photographs in the public repository that holds them, pinned to one commit.
LONDON_URL = "https://raw.githubusercontent.com/debruine/webmorphR.stim/fa8b78fda2d659bb74ce62fcd99c4407551d2a77/inst"

#: A public build of OpenFace 2.2 on Docker Hub, pinned by digest; OpenFace's own documentation names the image.
OPENFACE_IMAGE = "docker://algebr/openface@sha256:f43ad4e7fa4530143c7a9e0e8eca7e4f2b45599c1ef19680b68ad1eebba05197"

AuSource = Literal["openface", "csv"]
AU_SOURCES = "openface: run OpenFace; csv: take the values in `openface_csv`"


class Rendered(Section):
    """Faces that the project renders itself."""

    people: Positive = Field(67, description="number of identities. RaFD has 67 (Sec. 4.1)")
    gazes: list[Literal["left", "frontal", "right"]] = Field(
        ["left", "frontal", "right"], min_length=1, description="gaze directions; RaFD's three (Sec. 4.1)"
    )
    seed: Count = Field(0, description="seed of identities, expressions, light and pose")


class London(Section):
    """The Face Research Lab London Set: 102 people, neutral and smiling (CC BY 4.0)."""

    mirror: str | None = Field(
        None,
        description="folder that holds neutral_front/ and smiling_front/; null: the environment variable "
        "EFGAN_LONDON_MIRROR, else the public address",
    )
    base_url: str = Field(
        LONDON_URL, description="public address of the folder that holds neutral_front/ and smiling_front/"
    )
    aus: AuSource = Field("csv", description=AU_SOURCES)
    openface_csv: str | None = Field(
        None,
        description="folder, zip or one CSV of OpenFace output for the photographs, for aus: csv; null: the values "
        "recorded in this repository (resources/london/openface.csv)",
    )
    limit: Positive | None = Field(None, description="use only this many people, the first ones; null: all 102")


class Archive(Section):
    """A data set that only its user can obtain."""

    archive: str | None = Field(
        None,
        description="folder, zip or tar that you obtained; null: what the environment variable EFGAN_<DATA SET> "
        "names, for instance EFGAN_RAFD",
    )
    partial: bool = Field(
        False, description="go on when photographs are missing; every table then says how many. Not in the paper"
    )
    aus: AuSource = Field("openface", description=AU_SOURCES)
    openface_csv: str | None = Field(
        None,
        description="folder, zip or one CSV of OpenFace output, matched by file name, for aus: csv; one CSV for all "
        "photographs needs a column file",
    )
    excluded_share: Part | None = Field(
        None,
        description="share of its photographs without a face above which a run stops; null: the general "
        "`excluded_share`",
    )

    @model_validator(mode="after")
    def _csv_is_named(self) -> "Archive":
        if self.aus == "csv" and self.openface_csv is None:
            raise ValueError("aus is csv, but openface_csv names no file: name it, or set aus to openface")
        return self


class Rafd(Archive):
    """Radboud Faces Database: the 1,608 frontal photographs of 8,040 (Sec. 4.1). Licensed by its owners."""


class Cfeed(Archive):
    """Compound Facial Expressions of Emotion: 230 people, seven primary expressions (Sec. 4.1, 4.3). Licensed."""


class AffectNet(Archive):
    """Photographs from the web, for fine-tuning on wild images (Sec. 4.5). Licensed by its owners."""

    limit: Positive | None = Field(
        None, description="use this many photographs, drawn by `seed`; null: all. The paper does not say how many"
    )
    seed: Count = Field(0, description="seed of that draw")
    excluded_share: Part | None = Field(
        0.5,
        description="share of its photographs without a usable face above which a run stops: photographs from the web "
        "show many profiles and cut faces; null: the general `excluded_share`",
    )


class Folder(Archive):
    """Photographs of your own; without labels they serve as wild images only."""

    labels: str | None = Field(
        None,
        description="CSV with the columns file, person, expression (the last two may be left out); null: each "
        "photograph is a person of its own, and its folder's name is its expression where it is one",
    )


class OpenFace(Section):
    """The program that measures AUs and landmarks: OpenFace 2.2, which you install (Sec. 3.1)."""

    program: str | None = Field(
        None,
        description="path of FaceLandmarkImg; null: what the environment variable OPENFACE_BIN names, else the one in "
        "`container` (run snakemake with --software-deployment-method apptainer)",
    )
    container: str = Field(OPENFACE_IMAGE, description="container image that holds OpenFace")
    container_program: str = Field(
        "/home/openface-build/build/bin/FaceLandmarkImg", description="path of FaceLandmarkImg inside the container"
    )
    landmark_model: str | None = Field(
        None,
        description="landmark model (-mloc), a path relative to the program's folder, for instance "
        "model/main_clnf_general.txt; null: the program's own, CE-CLM. Not in the paper",
    )
    chunk: Positive = Field(500, description="photographs per job; starting OpenFace costs as much as about ten")
    min_confidence: Level = Field(
        0.5,
        description="photographs without a face of this confidence are excluded; of several faces "
        "that have it, the largest is used. Not in the paper",
    )


class Crop(Section):
    """How a photograph becomes a face in the centre of a square (Sec. 4.1)."""

    size: int = Field(128, ge=32, multiple_of=4, description="side of the crop, pixels (Sec. 4.1: 128)")
    margin: Level = Field(
        0.15,
        description="border around the box of the 68 landmarks, as a share of its longer side, on each side. "
        "Not in the paper",
    )
    max_padding: Part = Field(
        0.25, description="share of the square that may lie outside the photograph; more excludes it. Not in the paper"
    )
    small_face: Positive = Field(
        64,
        description="side of the square, pixels of the photograph, below which a crop is flagged. Not in the paper",
    )


class Split(Section):
    """Train and test parts (Sec. 4.1: random 90 % / 10 %)."""

    by: Literal["image", "person"] = Field(
        "image", description="image: the paper's split; person: no person in both parts (beyond the paper)"
    )
    test_share: Share = Field(0.1, description="share of images (or people) in the test part (Sec. 4.1)")
    seed: Count = Field(0, description="seed of the split")


class Patches(Section):
    """Sizes of the local patches, height x width in pixels of the crop, multiples of 4 (Sec. 4.1)."""

    eyes: Size = Field((40, 92), description="eyes patch (Sec. 4.1: 40x92)")
    nose: Size = Field((40, 48), description="nose patch (Sec. 4.1: 40x48)")
    mouth: Size = Field((40, 60), description="mouth patch (Sec. 4.1: 40x60)")


class DataSets(Section):
    """The part of the settings that says where each data set comes from."""

    rendered: Rendered = Rendered()
    london: London = London()
    rafd: Rafd = Rafd()
    cfeed: Cfeed = Cfeed()
    affectnet: AffectNet = AffectNet()
    folder: Folder = Folder()
