"""From a method's name and sizes to its networks, and from stored weights back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, not_the_file, read_json, write_json
from cascade_efgan.methods import METHODS, Method
from cascade_efgan.models.blocks import Start
from cascade_efgan.models.cascade import Cascade
from cascade_efgan.models.discriminator import AuCritic, Discriminator
from cascade_efgan.models.generator import EFGAN
from cascade_efgan.models.stargan import StarGANGenerator

#: How each family's authors initialise; this paper: orthogonal with spectral normalisation (Sec. 8).
STARTS: dict[str, Start] = {"stargan": "default", "ganimation": "normal", "efgan": "orthogonal"}


@dataclass(frozen=True)
class ModelSpec:
    """All that is needed to build a method's networks; stored as JSON beside their weights.

    Attributes:
        method: key of `METHODS`.
        crop_size: side of the faces, pixels.
        network: the settings' section of that name, as a mapping; a description without `refiner` repaints,
            one without `upsampling` has transposed convolutions, one without `discriminator_gain` has 1.
        boxes: region -> place of its patch; empty without local focuses.
    """

    method: str
    crop_size: int
    network: Mapping[str, Any]
    boxes: Mapping[str, PatchBox]

    @property
    def info(self) -> Method:
        """The method's row of `METHODS`."""
        return METHODS[self.method]

    @property
    def steps(self) -> int:
        """Number of editing modules in sequence."""
        return self.network["cascade_steps"] if self.info.is_cascade else 1

    def to_json(self) -> dict[str, Any]:
        """The JSON stored beside the weights; AU and expression order are in it for readers elsewhere."""
        return {
            "method": self.method,
            "crop_size": self.crop_size,
            "network": dict(self.network),
            "boxes": {name: vars(box) for name, box in self.boxes.items()},
            "aus": list(AUS),
            "au_max": AU_MAX,
            "expressions": list(EXPRESSIONS),
        }

    @classmethod
    def from_json(cls, path: Path) -> "ModelSpec":
        """Read a stored specification.

        Raises:
            InputError: missing file, unknown method, or another order of AUs or expressions.
        """
        stored = read_json(path)
        try:
            same = stored["aus"] == list(AUS) and stored["expressions"] == list(EXPRESSIONS)
            boxes = {name: PatchBox(**box) for name, box in stored["boxes"].items()}
            spec = cls(stored["method"], stored["crop_size"], stored["network"], boxes)
        except (KeyError, TypeError) as error:
            raise InputError(f"{path}: no model description ({error}); run the training rule again") from None
        if not same or spec.method not in METHODS:
            raise InputError(f"{path}: made for other methods, AUs or expressions; train again with this version")
        return spec


def build_generator(spec: ModelSpec) -> nn.Module:
    """The generator of a method: `StarGANGenerator` or `Cascade` (of one module for single-step methods)."""
    sizes, family = spec.network, spec.info.family
    resize = sizes.get("upsampling") == "resize"
    if family == "stargan":
        return StarGANGenerator(len(EXPRESSIONS), sizes["width"], sizes["blocks"], resize)

    def make_module() -> EFGAN:
        masked = sizes.get("refiner", "repaint") == "mask"
        return EFGAN(len(AUS), spec.boxes, sizes["width"], sizes["blocks"], STARTS[family], masked, resize)

    return Cascade(make_module, spec.steps, len(AUS), sizes["interpolator_width"])


class Discriminators(nn.Module):
    """Every critic of a method: one set an editing module, and D_interp for cascades.

    Each set holds `final` (with the AU head; expression head for StarGAN) and, with local focuses, `face`,
    `eyes`, `nose` and `mouth` (Sec. 6). Without local focuses the final output is the face branch's, so
    `final` alone judges it. Not in the paper: each module of the cascade has its own set.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        start, sizes, face = STARTS[spec.info.family], spec.network, (spec.crop_size, spec.crop_size)
        predicted = len(EXPRESSIONS) if spec.info.family == "stargan" else len(AUS)

        gain = sizes.get("discriminator_gain", 1)

        def critic(size: tuple[int, int], layers: int, outputs: int = 0) -> Discriminator:
            return Discriminator(size, sizes["discriminator_width"], layers, outputs, start, gain)

        self.steps = nn.ModuleList()
        for _ in range(spec.steps):
            critics = {"final": critic(face, sizes["face_layers"], predicted)}
            if spec.boxes:
                critics["face"] = critic(face, sizes["face_layers"])
            for name, box in spec.boxes.items():
                critics[name] = critic((box.height, box.width), sizes["patch_layers"])
            self.steps.append(nn.ModuleDict(critics))
        self.interpolated = AuCritic(len(AUS), sizes["interpolator_width"]) if spec.steps > 1 else None

    def critics(self) -> list[dict[str, Discriminator]]:
        """The discriminators of every editing module, by name, in order."""
        return [cast("dict[str, Discriminator]", dict(step.named_children())) for step in self.steps]


def start_from_single_step(cascade: nn.Module, single: Mapping[str, Tensor]) -> None:
    """Copy single-step weights into every module of a cascade (Sec. 3.3, Training Scheme), in place.

    Args:
        cascade: `Cascade` or `Discriminators` of a cascade method.
        single: the state dict of the same class for the single-step method (`steps.0.*` only).
    """
    modules = cascade.get_submodule("steps")
    state = {key.removeprefix("steps.0."): value for key, value in single.items()}
    for module in modules.children():
        module.load_state_dict(state)


def save_weights(path: Path, module: nn.Module) -> None:
    """Store a module's parameters and buffers as safetensors; loading such a file executes nothing."""
    state = {key: value.detach().cpu().contiguous() for key, value in module.state_dict().items()}
    with atomic_path(path) as partial:
        partial.write_bytes(save(state))  # save_file lets only the owner read it


def load_weights(path: Path) -> dict[str, Tensor]:
    """Read stored weights.

    Raises:
        InputError: the file is missing, torn, or the pointer of Git LFS or DVC to it.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        told = not_the_file(path) or f"{path}: no such weights; run the training rule first"
        raise InputError(told) from None
    except SafetensorError as error:
        told = not_the_file(path) or f"{path}: not a whole safetensors file ({error}); delete it and train again"
        raise InputError(told) from None


def save_model(weights: Path, description: Path, module: nn.Module, spec: ModelSpec) -> None:
    """Store a generator and its specification side by side."""
    write_json(description, spec.to_json())
    save_weights(weights, module)


def load_generator(weights: Path, description: Path) -> tuple[nn.Module, ModelSpec]:
    """The stored generator, in evaluation mode on the CPU, and its specification.

    Raises:
        InputError: either file is missing or torn, or they do not belong together.
    """
    spec = ModelSpec.from_json(description)
    generator = build_generator(spec)
    restore(generator, weights, description)
    return generator.eval(), spec


def load_au_critic(discriminators: Path, description: Path) -> AuCritic:
    """D_interp alone, from the stored discriminators of a cascade.

    Raises:
        InputError: as `load_generator`.
    """
    critic = AuCritic(len(AUS), ModelSpec.from_json(description).network["interpolator_width"])
    restore(critic, discriminators, description, "interpolated.")
    return critic.eval()


def restore(module: nn.Module, weights: Path, description: Path, prefix: str = "") -> None:
    """Put stored weights, or those whose names begin with `prefix`, into networks built from `description`, in place.

    Raises:
        InputError: the weights are missing or torn, or do not fit.
    """
    state = {key.removeprefix(prefix): value for key, value in load_weights(weights).items() if key.startswith(prefix)}
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        reason = json.dumps(str(error).splitlines()[0])
        raise InputError(f"{weights}: these weights do not fit {description} ({reason}); train again") from None
