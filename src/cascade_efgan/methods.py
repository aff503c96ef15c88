"""The methods of the paper, as configurations of the same few blocks."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

Family = Literal["stargan", "ganimation", "efgan"]


@dataclass(frozen=True)
class Method:
    """One row of a table; the last of `METHODS` is in none (Sec. 3.3 speaks of it).

    Attributes:
        id: folder name below `results/` and value of `--method`.
        title: the paper's name for it.
        tables: the paper's tables that have it as a row; a method of none is trained for a claim alone.
        colour: of its lines in figures, one of Okabe and Ito's, which colour-blind readers tell apart.
        marker: of matplotlib, which tells it apart in grey.
        family: which losses train it: the authors' of StarGAN or GANimation, or Eq. 8 of this paper.
        local_focuses: True with the eyes, nose and mouth branches and the Refiner (Sec. 3.1).
        is_cascade: True for methods that edit progressively (Sec. 3.2).
        pretrained: the single-step method whose weights start every module of the cascade
            (Sec. 3.3, Training Scheme); None for methods that are trained from scratch.
    """

    id: str
    title: str
    family: Family
    tables: tuple[int, ...]
    colour: str
    marker: str
    local_focuses: bool = False
    is_cascade: bool = False
    pretrained: str | None = None


METHODS: dict[str, Method] = {
    method.id: method
    for method in (
        Method("stargan", "StarGAN", "stargan", (1, 2), "#E69F00", "o"),
        Method("ganimation", "GANimation", "ganimation", (1, 2), "#56B4E9", "s"),
        Method("baseline", "Baseline", "efgan", (3,), "#009E73", "^"),
        Method("ef_gan", "Baseline + Local Focuses (EF-GAN)", "efgan", (3,), "#CC79A7", "D", local_focuses=True),
        Method("baseline_cascade", "Baseline + Cascade", "efgan", (3,), "#D55E00", "v", is_cascade=True,
               pretrained="baseline"),
        Method("cascade_ef_gan", "Cascade EF-GAN", "efgan", (1, 2, 3), "#0072B2", "P", local_focuses=True,
               is_cascade=True, pretrained="ef_gan"),
        Method("cascade_from_scratch", "Cascade EF-GAN from scratch", "efgan", (), "#0072B2", "X", local_focuses=True,
               is_cascade=True),
    )
}  # fmt: skip

#: A method's name as a type that settings validate.
if TYPE_CHECKING:
    MethodName = str
else:
    MethodName = Literal[tuple(METHODS)]

#: Rows that no paper prints and that bracket every table: doing nothing, and the perfect edit.
CONTROLS: dict[str, str] = {"unchanged": "Input unchanged", "true_edit": "True edit"}

#: Pairs of real images, shown below the measures of similarity: what a cosine means can only be read beside them.
REFERENCES: dict[str, str] = {
    "same_person": "Real: same person, other expression",
    "other_person": "Real: other person, same expression",
}

#: Weights of the package that can be fine-tuned on photographs -> their method.
PUBLISHED: dict[str, str] = {"rendered": "cascade_ef_gan", "rendered_baseline": "baseline"}


def published_size(name: str) -> int:
    """Side of the crops (pixels) that published weights were trained on."""
    model = Path(__file__).parent / "pretrained" / name / "model.json"
    return int(json.loads(model.read_text(encoding="utf-8"))["crop_size"])


def wild_method(init_from: str | None) -> str:
    """The method that is fine-tuned on wild images: the paper's (Sec. 4.5), or that of the published weights."""
    return PUBLISHED[init_from] if init_from else "cascade_ef_gan"


#: Rows of the paper's Table 1 (accuracy) and Table 2 (quality), and of Table 3 (ablation).
COMPARED = tuple(name for name, method in METHODS.items() if 1 in method.tables)
ABLATED = tuple(name for name, method in METHODS.items() if 3 in method.tables)
