"""Settings of the methods: networks, losses, schedules."""

from typing import Literal

from pydantic import Field, model_validator

from cascade_efgan.config.section import Positive, Section, Weight
from cascade_efgan.datasets import DatasetName


class Network(Section):
    """Sizes of the networks (Sec. 7, Fig. 9)."""

    width: Positive = Field(64, description="channels after the first generator convolution (Fig. 9: 64)")
    blocks: Positive = Field(6, description="residual blocks of each encoder-decoder (GANimation: 6)")
    discriminator_width: Positive = Field(64, description="channels after a discriminator's first convolution")
    discriminator_gain: float = Field(
        1.4142, gt=0, description="largest singular value of the discriminators' spectrally normalised layers: 1 to "
        "the letter (Sec. 8); 1.4142 carries the signal through their ReLUs. Measured at 64 pixels: docs/training.md"
    )  # fmt: skip
    face_layers: Positive = Field(5, description="bottleneck layers of face discriminators (Sec. 7: 5)")
    patch_layers: Positive = Field(3, description="bottleneck layers of patch discriminators (Sec. 7: 3)")
    interpolator_width: Positive = Field(
        256, description="hidden units of the Interpolator and of its critic. Not in the paper"
    )
    refiner: Literal["mask", "repaint"] = Field(
        "mask",
        description="repaint: the Refiner paints every pixel (Sec. 3.1, read literally). mask: it changes the stitched "
        "image where a mask of its own lets it, Eq. 1 once more. Not in the paper; docs/training.md says what it gains",
    )
    upsampling: Literal["transposed", "resize"] = Field(
        "transposed",
        description="how generators double a map: transposed convolutions (Fig. 9), or every pixel twice and then a "
        "convolution, against checkerboards. resize is not in the paper",
    )
    cascade_steps: int = Field(3, ge=2, description="EF-GAN modules in cascade (Sec. 3.2: 3)")


class Losses(Section):
    """Weights of the losses (Eq. 8, Sec. 8; StarGAN's and GANimation's own)."""

    reading: Literal["public", "literal"] = Field(
        "public",
        description="where the paper's letter and what the public codes compute differ. public: the defaults. literal: "
        "the paper's letter (config/readings/literal.yaml). Single settings win; docs/training.md compares them",
    )
    gradient_penalty: Weight = Field(10, description="lambda_gp of WGAN-GP (Eq. 3; StarGAN and GANimation: 10)")
    gradient_penalty_of: Literal["mean", "sum"] = Field(
        "mean", description="scalar of a critic map whose gradient is penalised: its mean is Eq. 3's D(x); the public "
        "codes take its sum, and so do StarGAN and GANimation here"
    )  # fmt: skip
    cond: Weight = Field(
        160, description="lambda_1, conditional expression loss, of the mean over 17 AUs (Eq. 4). Sec. 8 has 3000; 160 "
        "is what GANimation's code computes from its 4000 at its batch of 25"
    )  # fmt: skip
    au_by_batch: bool = Field(
        False, description="divide `cond` and `ganimation_au` by the batch size, as GANimation's code does: 3000 at "
        "batch 2 is then 1500"
    )  # fmt: skip
    cont: Weight = Field(10, description="lambda_2, content loss (Eq. 5, Sec. 8)")
    attn: Weight = Field(0.1, description="lambda_3, attention loss (Eq. 6, Sec. 8)")
    mask: Literal["mean", "norm"] = Field(
        "mean", description="size of an attention map in Eq. 6 and in GANimation's loss: its L2 norm (as printed), or "
        "its mean over pixels (public codes), which for a uniform map of 128 pixels per side is 1/128 of that"
    )  # fmt: skip
    image_tv: Weight = Field(0, description="total variation of the edited image (mean). Not in the paper")
    self_reconstruction: Weight = Field(
        0, description="L1 between an image and its edit to the AUs that it shows; 30 in one public code. Not in the "
        "paper"
    )  # fmt: skip
    interp: Weight = Field(1, description="lambda_4, interpolation loss (Eq. 7, Sec. 8)")
    interp_critic: Weight = Field(0.1, description="lambda_int, critic term of the interpolation loss (Eq. 7)")
    ganimation_au: Weight = Field(
        160, description="GANimation: AU regression, of the mean over 17 AUs. Its Sec. 4 has 4000, which its code "
        "divides by its batch of 25"
    )  # fmt: skip
    ganimation_cycle: Weight = Field(10, description="GANimation: identity (cycle) loss")
    ganimation_mask: Weight = Field(0.1, description="GANimation: attention magnitude")
    ganimation_tv: Weight = Field(1e-4, description="GANimation: total variation of the attention")
    stargan_cls: Weight = Field(1, description="StarGAN: domain classification")
    stargan_rec: Weight = Field(10, description="StarGAN: reconstruction")


class Schedule(Section):
    """Optimisation of one training run (Sec. 8)."""

    epochs: Positive = Field(100, description="passes over the training images (Sec. 8: 100)")
    constant_epochs: int = Field(50, ge=0, description="epochs before the rate decays linearly to 0 (Sec. 8: 50)")
    learning_rate: float = Field(1e-4, gt=0, lt=1, description="initial learning rate of Adam (Sec. 8: 1e-4)")
    discriminator_rate: float = Field(
        1, gt=0, description="the discriminators' learning rate as a multiple of the generator's (two time scales; "
        "Heusel et al., 2017). Not in the paper"
    )  # fmt: skip
    batch: Positive = Field(2, description="batch size (Sec. 8: 2)")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's beta 1 (Sec. 8)")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's beta 2 (Sec. 8)")
    n_critic: Positive = Field(5, description="discriminator steps per generator step. Not in the paper; GANimation: 5")
    average: float = Field(
        0, ge=0, lt=1, description="decay of the moving average of the generator's weights that the run stores; 0: the "
        "last weights. Not in the paper"
    )  # fmt: skip
    flip: bool = Field(True, description="mirror random images; GANimation and StarGAN do")
    augment: float = Field(
        0, ge=0, le=1, description="strength of further random changes of training images: at 1 turned by up to 8 "
        "degrees, scaled by 8 %, moved by 3.5 % of the side, brightness 15 %, each colour 10 %, contrast 20 %, "
        "saturation 30 %; few photographs are not memorised. Not in the paper"
    )  # fmt: skip
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
    learning_rate: float = Field(1e-5, gt=0, lt=1, description="initial learning rate of Adam (Sec. 8: 1e-5)")


class Wild(Schedule):
    """Fine-tuning of Cascade EF-GAN on wild images (Sec. 4.5), which gives no schedule."""

    dataset: DatasetName | None = Field(None, description="wild images; null: no fine-tuning on wild images")
    pretrain: list[DatasetName] = Field(
        [], description="data sets of the pre-training, taken together; empty: all of `datasets`. Sec. 4.5: RaFD, CFEED"
    )
    init_from: Literal["rendered", "rendered_baseline"] | None = Field(
        None,
        description="weights of the package that are fine-tuned, of Cascade EF-GAN or of the Baseline; `pretrain` then "
        "gives the expressions alone. null: Cascade EF-GAN of this run's own pre-training (Sec. 4.5)",
    )
    epochs: Positive = Field(20, description="passes over the wild training images. Not in the paper: as fine-tuning")
    constant_epochs: int = Field(10, ge=0, description="epochs before the rate decays linearly to 0. Not in the paper")
    learning_rate: float = Field(
        1e-5, gt=0, lt=1, description="initial learning rate of Adam. Not in the paper: as fine-tuning"
    )
