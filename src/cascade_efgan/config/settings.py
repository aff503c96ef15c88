"""Every setting of the experiment. Defaults are the paper's, or public codes'; presets are for smaller machines."""

from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationInfo, model_validator

from cascade_efgan.config.data_sections import Crop, DataSets, OpenFace, Patches, Split
from cascade_efgan.config.evaluation_sections import AuRegressor, Classifier, Fid, Figures, Measures, Statistics
from cascade_efgan.config.section import Positive
from cascade_efgan.config.training_sections import Finetune, Losses, Network, Schedule, Wild
from cascade_efgan.datasets import DatasetName
from cascade_efgan.methods import METHODS, MethodName, published_size

Preset = Literal["laptop", "evening", "smoke", "full", "paper", "london"]
PRESETS: tuple[str, ...] = get_args(Preset)


class Settings(DataSets):
    """The whole configuration of a run."""

    preset: Preset = Field(
        "laptop", description="laptop: minutes on 2 cores; evening: hours on them; full: rendered faces at RaFD's "
        "size; paper: RaFD and CFEED; london: real photographs; smoke: the tests' run"
    )  # fmt: skip
    datasets: list[DatasetName] = Field(["rendered"], min_length=1, description="data sets of Tables 1 and 2")
    ablation_dataset: DatasetName | None = Field(None, description="data set of Table 3; null: the first of `datasets`")
    methods: list[MethodName] = Field(
        [name for name in METHODS if name != "cascade_from_scratch"], min_length=1, description="rows of "
        "the tables. cascade_from_scratch is in none: a claim needs it, and one more training of a cascade"
    )  # fmt: skip
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="training seeds; cells are means")
    threads: Positive = Field(1, description="CPU threads of one training, generation or evaluation job")
    jobs_per_gpu: Positive = Field(
        1, description="jobs that may use one GPU at the same time; with n GPUs give `--resources gpu=` n times this"
    )
    checkpoint_minutes: float = Field(
        10, ge=0, description="minutes between two checkpoints of a training run; 0: after every iteration"
    )
    excluded_share: float = Field(
        0.05, ge=0, lt=1, description="share of photographs without a face above which a run stops. Not in the paper"
    )
    openface: OpenFace = OpenFace()
    crop: Crop = Crop()
    split: Split = Split()
    patches: Patches = Patches()
    network: Network = Network()
    losses: Losses = Losses()
    train: Schedule = Schedule()
    finetune: Finetune = Finetune()
    wild: Wild = Wild()
    generation_batch: Positive = Field(16, description="batch size when edits are generated")
    classifier: Classifier = Classifier()
    au_regressor: AuRegressor = AuRegressor()
    fid: Fid = Fid()
    figures: Figures = Figures()
    statistics: Statistics = Statistics()
    measures: Measures = Measures()

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> "Settings":
        if info.context and info.context.get("partial"):
            return self  # one stage's sections beside defaults that it never reads: these need not agree
        for region in ("eyes", "nose", "mouth"):
            height, width = getattr(self.patches, region)
            if height % 4 or width % 4 or not (0 < height <= self.crop.size and 0 < width <= self.crop.size):
                raise ValueError(
                    f"patches.{region} ({height}x{width}) must be multiples of 4 "
                    f"between 4 and crop.size ({self.crop.size})"
                )
        halvings = {"face": self.network.face_layers + 1, "patch": self.network.patch_layers + 1}
        smallest = min(min(getattr(self.patches, region)) for region in ("eyes", "nose", "mouth"))
        for kind, side in (("face", self.crop.size), ("patch", smallest)):
            if side < 2 ** halvings[kind]:
                raise ValueError(
                    f"network.{kind}_layers halve an image {halvings[kind]} times, which {side} pixels do not allow: "
                    f"at most {side.bit_length() - 2}"
                )
        for name in ("datasets", "methods", "seeds"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name} lists a value twice: {values}")
        for method in self.methods:
            pretrained = METHODS[method].pretrained
            if pretrained and pretrained not in self.methods:
                raise ValueError(f"methods lists {method}, which starts from {pretrained}: list {pretrained} too")
        if self.wild.dataset:
            if self.wild.dataset in self.pretraining:
                raise ValueError(f"wild.dataset is {self.wild.dataset}, which the pre-training uses already")
            if "cascade_ef_gan" not in self.methods and not self.wild.init_from:
                raise ValueError(
                    "wild.dataset asks for Cascade EF-GAN: list cascade_ef_gan in methods, or set wild.init_from"
                )
            size = published_size(self.wild.init_from) if self.wild.init_from else self.crop.size
            if size != self.crop.size:
                raise ValueError(
                    f"wild.init_from: {self.wild.init_from} was trained on faces {size} pixels wide, and crop.size is "
                    f"{self.crop.size}: set crop.size to {size}"
                )
        if self.ablation_dataset and self.ablation_dataset not in self.datasets:
            raise ValueError(f"ablation_dataset is {self.ablation_dataset}, which datasets does not list")
        return self

    @property
    def pretraining(self) -> list[str]:
        """Data sets of the pre-training for wild images (Sec. 4.5)."""
        return list(self.wild.pretrain or self.datasets)

    @property
    def all_datasets(self) -> list[str]:
        """Data sets whose photographs this run needs: of the tables, and of the wild images."""
        wild = [self.wild.dataset, *self.wild.pretrain] if self.wild.dataset else []
        return list(dict.fromkeys([*self.datasets, *(name for name in wild if name)]))
