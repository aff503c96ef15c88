"""The methods of the paper's tables, as configurations of the same few blocks."""

from dataclasses import dataclass
from typing import Literal

Family = Literal["stargan", "ganimation", "efgan"]


@dataclass(frozen=True)
class Method:
    """One row of a table.

    Attributes:
        id: folder name below `results/` and value of `--method`.
        title: the paper's name for it.
        family: which losses train it: the authors' of StarGAN or GANimation, or Eq. 8 of this paper.
        local_focuses: True with the eyes, nose and mouth branches and the Refiner (Sec. 3.1).
        pretrained: the single-step method whose weights start every module of the cascade
            (Sec. 3.3, Training Scheme); None for single-step methods.
    """

    id: str
    title: str
    family: Family
    local_focuses: bool = False
    pretrained: str | None = None

    @property
    def is_cascade(self) -> bool:
        """True for methods that edit progressively (Sec. 3.2)."""
        return self.pretrained is not None


METHODS: dict[str, Method] = {
    method.id: method
    for method in (
        Method("stargan", "StarGAN", "stargan"),
        Method("ganimation", "GANimation", "ganimation"),
        Method("baseline", "Baseline", "efgan"),
        Method("ef_gan", "Baseline + Local Focuses (EF-GAN)", "efgan", local_focuses=True),
        Method("baseline_cascade", "Baseline + Cascade", "efgan", pretrained="baseline"),
        Method("cascade_ef_gan", "Cascade EF-GAN", "efgan", local_focuses=True, pretrained="ef_gan"),
    )
}

#: Rows that no paper prints and that bracket every table: doing nothing, and the perfect edit.
CONTROLS: dict[str, str] = {"unchanged": "Input unchanged", "true_edit": "True edit"}

#: Pairs of real images that stand below the measures of likeness: what a cosine means can only be read beside them.
REFERENCES: dict[str, str] = {
    "same_person": "Real: same person, other expression",
    "other_person": "Real: other person, same expression",
}

#: Rows of the paper's Table 1 (accuracy) and Table 2 (quality), and of Table 3 (ablation).
COMPARED = ("stargan", "ganimation", "cascade_ef_gan")
ABLATED = ("baseline", "ef_gan", "baseline_cascade", "cascade_ef_gan")
