"""What each family of methods minimises: discriminator and generator losses of one batch."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from cascade_efgan.config.settings import Losses
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.losses import (
    attention_loss,
    conditional_expression_loss,
    content_loss,
    critic_loss,
    generator_adversarial_loss,
    gradient_penalty,
    interpolation_regression,
    total_variation,
)
from cascade_efgan.models.build import Discriminators
from cascade_efgan.models.cascade import Cascade, pseudo_target
from cascade_efgan.models.generator import EFGAN, Edit, crop
from cascade_efgan.models.stargan import StarGANGenerator


@dataclass(frozen=True)
class Batch:
    """A training batch.

    Attributes:
        image: (N, 3, S, S) float in [-1, 1].
        aus, target_aus: (N, 17) float in [0, 1] (OpenFace's intensities / 5).
        label, target_label: (N,) int64, index into `EXPRESSIONS`.
    """

    image: Tensor
    aus: Tensor
    target_aus: Tensor
    label: Tensor
    target_label: Tensor


@dataclass(frozen=True)
class Loss:
    """A scalar to minimise and its unweighted terms by the names that logs show (`D/L_gp`, `G/L_cond`)."""

    total: Tensor
    terms: dict[str, Tensor]


class Objective(Protocol):
    """A method's networks and what they minimise."""

    generator: nn.Module
    discriminators: nn.Module

    def discriminator_loss(self, batch: Batch) -> Loss:
        """Loss of all discriminators; no gradient reaches the generator."""
        ...

    def generator_loss(self, batch: Batch) -> Loss:
        """Loss of the generator; discriminators are taken as they are."""
        ...

    def edit(self, batch: Batch) -> list[Tensor]:
        """Images (N, 3, S, S) that a person looks at: the result of every step."""
        ...


def judge(critic: nn.Module, real: Tensor, generated: Tensor, score: str) -> tuple[Tensor, Tensor, Tensor | None]:
    """Adversarial loss, gradient penalty and labels predicted on real images, for one discriminator.

    Real and generated images pass in one batch: no layer of a discriminator mixes images.
    """
    scores, labels = critic(torch.cat([real, generated]))
    real_score, generated_score = scores.chunk(2)
    # The penalty is a derivative of a derivative: it stays in float32 whatever the precision of the rest.
    with torch.autocast(real.device.type, enabled=False):
        penalty = gradient_penalty(lambda image: critic(image)[0], real, generated, score)  # type: ignore[arg-type]
    return critic_loss(real_score, generated_score), penalty, None if labels is None else labels[: len(real)]


class EditingObjective:
    """GANimation, Baseline, EF-GAN and the cascades.

    Sources: Sec. 6, Eq. 3 to 8 of this paper; GANimation (Pumarola et al., ECCV 2018), Sec. 4, for its own.
    """

    def __init__(self, generator: Cascade, discriminators: Discriminators, weights: Losses, ganimation: bool) -> None:
        self.generator, self.discriminators, self.weights, self.ganimation = (
            generator, discriminators, weights, ganimation,
        )  # fmt: skip

    def discriminator_loss(self, batch: Batch) -> Loss:
        """Eq. 3 over every discriminator of every step, Eq. 4 on real images, and WGAN-GP of D_interp."""
        with torch.no_grad(), parametrize.cached():
            edits = self.generator(batch.image, batch.aus, batch.target_aus)
        sums = {name: batch.image.new_zeros(()) for name in ("D/L_adv", "D/L_gp", "D/L_cond")}
        score = "sum" if self.ganimation else "mean"
        with parametrize.cached():
            for edit, critics in zip(edits, self.discriminators.steps, strict=True):
                for name, critic in critics.items():
                    generated = edit.final if name == "final" else edit.initial[name]
                    adversarial, penalty, labels = judge(critic, self._real(batch, name), generated, score)
                    sums["D/L_adv"] = sums["D/L_adv"] + adversarial
                    sums["D/L_gp"] = sums["D/L_gp"] + penalty
                    if labels is not None:
                        sums["D/L_cond"] = sums["D/L_cond"] + conditional_expression_loss(labels, batch.aus)
        weights = self.weights
        cond = weights.ganimation_au if self.ganimation else weights.cond
        total = sums["D/L_adv"] + weights.gradient_penalty * sums["D/L_gp"] + cond * sums["D/L_cond"]
        if self.discriminators.interpolated is not None:
            interp = self._au_critic_loss(batch)
            sums["D/L_interp"] = interp
            total = total + interp
        return Loss(total, sums)

    def generator_loss(self, batch: Batch) -> Loss:
        """Eq. 8 (Eq. 4 of GANimation), summed over the modules with equal weights (Sec. 6)."""
        names = ("G/L_adv", "G/L_cond", "G/L_cont", "G/L_attn", "G/attention_mean")
        sums = {name: batch.image.new_zeros(()) for name in names}
        image, aus = batch.image, batch.aus
        with parametrize.cached():
            labels = self.generator.labels(batch.aus, batch.target_aus)
            for module, critics, target in zip(
                self.generator.steps, self.discriminators.steps, labels, strict=True
            ):
                # The Interpolator learns from Eq. 7 alone: were the image losses to reach it, it could lower
                # Eq. 4 by asking for AUs that are easy to edit to.
                edit = self._step(sums, module, critics, image, aus, target.detach())
                image, aus = edit.final, target.detach()
        weights = self.weights
        if self.ganimation:
            total = sums["G/L_adv"] + weights.ganimation_au * sums["G/L_cond"]
            total = total + weights.ganimation_cycle * sums["G/L_cont"] + sums["G/L_attn"]
        else:
            total = sums["G/L_adv"] + weights.cond * sums["G/L_cond"]
            total = total + weights.cont * sums["G/L_cont"] + weights.attn * sums["G/L_attn"]
        if self.discriminators.interpolated is not None:
            sums["G/L_interp"] = self._interpolation_loss(batch, labels)
            total = total + weights.interp * sums["G/L_interp"]
        sums["G/attention_mean"] = sums["G/attention_mean"].detach() / len(self.generator.steps)
        return Loss(total, sums)

    def edit(self, batch: Batch) -> list[Tensor]:
        """The final output of every module."""
        return [edit.final for edit in self.generator(batch.image, batch.aus, batch.target_aus)]

    def _step(
        self, sums: dict[str, Tensor], module: EFGAN, critics: nn.ModuleDict, image: Tensor, aus: Tensor, target: Tensor
    ) -> Edit:
        edit = module(image, target)
        back = module(edit.final, aus)
        for name, critic in critics.items():
            scores, labels = critic(edit.final if name == "final" else edit.initial[name])
            sums["G/L_adv"] = sums["G/L_adv"] + generator_adversarial_loss(scores)
            if labels is not None:
                sums["G/L_cond"] = sums["G/L_cond"] + conditional_expression_loss(labels, target)
        sums["G/L_cont"] = sums["G/L_cont"] + content_loss(back.final, image)
        sums["G/L_attn"] = sums["G/L_attn"] + self._attention_term(edit, back)
        sums["G/attention_mean"] = sums["G/attention_mean"] + edit.attention["face"].mean()
        return edit

    def _attention_term(self, edit: Edit, back: Edit) -> Tensor:
        if not self.ganimation:
            return attention_loss(edit.attention.values())
        maps = (edit.attention["face"], back.attention["face"])
        variation = torch.stack([total_variation(attention) for attention in maps]).sum()
        return self.weights.ganimation_mask * attention_loss(maps) + self.weights.ganimation_tv * variation

    def _real(self, batch: Batch, name: str) -> Tensor:
        if name in ("final", "face"):
            return batch.image
        return crop(batch.image, self.generator.steps[0].boxes[name]).contiguous()  # type: ignore[union-attr,index]

    def _au_critic_loss(self, batch: Batch) -> Tensor:
        critic = self.discriminators.interpolated
        assert critic is not None
        with torch.no_grad():
            interpolated = torch.cat(self.generator.labels(batch.aus, batch.target_aus)[:-1])
        real = batch.aus.repeat(len(interpolated) // len(batch.aus), 1)
        penalty = gradient_penalty(critic, real, interpolated)
        return critic_loss(critic(real), critic(interpolated)) + self.weights.gradient_penalty * penalty

    def _interpolation_loss(self, batch: Batch, labels: list[Tensor]) -> Tensor:
        critic, count = self.discriminators.interpolated, len(labels)
        assert critic is not None
        loss = batch.aus.new_zeros(())
        for step, interpolated in enumerate(labels[:-1], start=1):
            pseudo = pseudo_target(batch.aus, batch.target_aus, step, count)
            adversarial = generator_adversarial_loss(critic(interpolated))
            loss = loss + interpolation_regression(interpolated, pseudo) + self.weights.interp_critic * adversarial
        return loss


class StarGANObjective:
    """StarGAN (Choi et al., CVPR 2018), Sec. 3.1, with its authors' weights, on expression labels."""

    def __init__(self, generator: StarGANGenerator, discriminators: Discriminators, weights: Losses) -> None:
        self.generator, self.discriminators, self.weights = generator, discriminators, weights
        self.critic = discriminators.get_submodule("steps.0.final")

    def discriminator_loss(self, batch: Batch) -> Loss:
        """Its Eq. 5: WGAN-GP and classification of real images."""
        with torch.no_grad():
            generated = self.generator(batch.image, one_hot(batch.target_label))
        adversarial, penalty, labels = judge(self.critic, batch.image, generated, "sum")
        assert labels is not None
        classification = F.cross_entropy(labels, batch.label)
        total = adversarial + self.weights.gradient_penalty * penalty + self.weights.stargan_cls * classification
        return Loss(total, {"D/L_adv": adversarial, "D/L_gp": penalty, "D/L_cls": classification})

    def generator_loss(self, batch: Batch) -> Loss:
        """Its Eq. 6: adversarial, classification of edits, reconstruction."""
        edit = self.generator(batch.image, one_hot(batch.target_label))
        scores, labels = self.critic(edit)
        adversarial, classification = generator_adversarial_loss(scores), F.cross_entropy(labels, batch.target_label)
        reconstruction = content_loss(self.generator(edit, one_hot(batch.label)), batch.image)
        total = adversarial + self.weights.stargan_cls * classification + self.weights.stargan_rec * reconstruction
        return Loss(total, {"G/L_adv": adversarial, "G/L_cls": classification, "G/L_rec": reconstruction})

    def edit(self, batch: Batch) -> list[Tensor]:
        """The edited images."""
        return [self.generator(batch.image, one_hot(batch.target_label))]


def one_hot(label: Tensor) -> Tensor:
    """Class indices (N,) -> (N, 8) float."""
    return F.one_hot(label, len(EXPRESSIONS)).float()
