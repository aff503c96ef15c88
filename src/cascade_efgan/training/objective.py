"""What each family of methods minimises: discriminator and generator losses of one batch."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from cascade_efgan.models.blocks import fixed_weights
from cascade_efgan.models.build import Discriminators, ModelSpec, build_generator
from cascade_efgan.models.cascade import Cascade, pseudo_target
from cascade_efgan.models.discriminator import AuCritic, Discriminator
from cascade_efgan.models.generator import Edit, crop
from cascade_efgan.models.stargan import StarGANGenerator, one_hot
from cascade_efgan.training.losses import (
    Score,
    attention_loss,
    conditional_expression_loss,
    content_loss,
    critic_loss,
    generator_adversarial_loss,
    gradient_penalty,
    image_variation,
    interpolation_regression,
    total_variation,
)

if TYPE_CHECKING:  # a machine that only measures speed needs no pydantic
    from cascade_efgan.config.training_sections import Losses


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


def weighted(terms: Mapping[str, list[Tensor]], weights: Mapping[str, float]) -> Loss:
    """Sum each term's parts, and the terms by their weights; terms without a weight are only logged."""
    sums = {name: torch.stack(parts).sum() for name, parts in terms.items()}
    total = torch.stack([weight * sums[name] for name, weight in weights.items() if name in sums]).sum()
    return Loss(total, sums)


def discriminator_terms(
    critic: Discriminator, real: Tensor, generated: Tensor, score: Score
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Adversarial loss, gradient penalty and what is predicted on real images: AUs or labels, for one discriminator."""
    real_score, generated_score, predicted = critic.compare(real, generated)
    # The penalty is a derivative of a derivative: it stays in float32 whatever the precision of the rest.
    with torch.autocast(real.device.type, enabled=False):
        penalty = gradient_penalty(lambda image: critic(image)[0], real, generated, score)
    return critic_loss(real_score, generated_score), penalty, predicted


class EditingObjective:
    """GANimation, Baseline, EF-GAN and the cascades.

    Sources: Sec. 6, Eq. 3 to 8 of this paper; GANimation (Pumarola et al., ECCV 2018), Sec. 4, for its own.
    """

    def __init__(self, generator: Cascade, discriminators: Discriminators, weights: "Losses", ganimation: bool) -> None:
        self.generator, self.discriminators = generator, discriminators
        self.weights, self.ganimation = weights, ganimation

    def discriminator_loss(self, batch: Batch) -> Loss:
        """Eq. 3 over every discriminator of every step, Eq. 4 on real images, and WGAN-GP of D_interp."""
        with torch.no_grad(), fixed_weights(self.generator):
            edits = self.generator(batch.image, batch.aus, batch.target_aus)
        terms: dict[str, list[Tensor]] = defaultdict(list)
        score: Score = "sum" if self.ganimation else self.weights.gradient_penalty_of
        boxes = self.generator.modules_in_order()[0].boxes
        with fixed_weights(self.discriminators):
            for edit, critics in zip(edits, self.discriminators.critics(), strict=True):
                for name, critic in critics.items():
                    real = crop(batch.image, boxes[name]).contiguous() if name in boxes else batch.image
                    generated = edit.final if name == "final" else edit.initial[name]
                    adversarial, penalty, predicted = discriminator_terms(critic, real, generated, score)
                    terms["D/L_adv"].append(adversarial)
                    terms["D/L_gp"].append(penalty)
                    if predicted is not None:
                        terms["D/L_cond"].append(conditional_expression_loss(predicted, batch.aus))
        if self.discriminators.interpolated is not None:
            terms["D/L_interp"].append(self._au_critic_loss(batch, self.discriminators.interpolated))
        weights = self.weights
        by_name = {"D/L_adv": 1, "D/L_gp": weights.gradient_penalty, "D/L_cond": self._au_weight(batch)}
        return weighted(terms, {**by_name, "D/L_interp": 1})

    def generator_loss(self, batch: Batch) -> Loss:
        """Eq. 8 (Eq. 4 of GANimation), summed over the modules with equal weights (Sec. 6); critics as they are."""
        terms: dict[str, list[Tensor]] = defaultdict(list)
        weights, image, aus = self.weights, batch.image, batch.aus
        with fixed_weights(self.generator, self.discriminators):
            targets = self.generator.module_targets(batch.aus, batch.target_aus)
            modules = zip(self.generator.modules_in_order(), self.discriminators.critics(), targets, strict=True)
            for module, critics, wanted in modules:
                # The Interpolator learns from Eq. 7 alone: were the image losses to reach it, it could lower
                # Eq. 4 by asking for AUs that are easy to edit to.
                target = wanted.detach()
                edit = module(image, target)
                back = module(edit.final, aus)
                for name, critic in critics.items():
                    scores, predicted = critic(edit.final if name == "final" else edit.initial[name])
                    terms["G/L_adv"].append(generator_adversarial_loss(scores))
                    if predicted is not None:
                        terms["G/L_cond"].append(conditional_expression_loss(predicted, target))
                terms["G/L_cont"].append(content_loss(back.final, image))
                terms["G/L_attn"].append(self._attention_term(edit, back))
                if weights.image_tv and not self.ganimation:
                    terms["G/L_tv"].append(image_variation(edit.final))
                if weights.self_reconstruction and not self.ganimation:
                    terms["G/L_self"].append(content_loss(module(image, aus).final, image))
                terms["G/attention_mean"].append(edit.attention["face"].detach().mean())
                image, aus = edit.final, target
        if self.discriminators.interpolated is not None:
            terms["G/L_interp"].append(self._interpolation_loss(batch, targets, self.discriminators.interpolated))
        by_name = {"G/L_adv": 1, "G/L_cond": self._au_weight(batch), "G/L_cont": weights.cont, "G/L_attn": weights.attn}
        by_name |= {"G/L_tv": weights.image_tv, "G/L_self": weights.self_reconstruction, "G/L_interp": weights.interp}
        if self.ganimation:
            by_name |= {"G/L_cont": weights.ganimation_cycle, "G/L_attn": 1}
        loss = weighted(terms, by_name)
        loss.terms["G/attention_mean"] /= len(targets)
        return loss

    def edit(self, batch: Batch) -> list[Tensor]:
        """The final output of every module."""
        return [edit.final for edit in self.generator(batch.image, batch.aus, batch.target_aus)]

    def _au_weight(self, batch: Batch) -> float:
        weight = self.weights.ganimation_au if self.ganimation else self.weights.cond
        return weight / len(batch.image) if self.weights.au_by_batch else weight

    def _attention_term(self, edit: Edit, back: Edit) -> Tensor:
        if not self.ganimation:
            return attention_loss(edit.attention.values(), self.weights.mask)
        maps = (edit.attention["face"], back.attention["face"])
        variation = torch.stack([total_variation(attention) for attention in maps]).sum()
        size = attention_loss(maps, self.weights.mask)
        return self.weights.ganimation_mask * size + self.weights.ganimation_tv * variation

    def _au_critic_loss(self, batch: Batch, critic: AuCritic) -> Tensor:
        with torch.no_grad():
            interpolated = torch.cat(self.generator.module_targets(batch.aus, batch.target_aus)[:-1])
        real = batch.aus.repeat(len(interpolated) // len(batch.aus), 1)
        with torch.autocast(real.device.type, enabled=False):
            penalty = gradient_penalty(critic, real, interpolated)
            return critic_loss(critic(real), critic(interpolated)) + self.weights.gradient_penalty * penalty

    def _interpolation_loss(self, batch: Batch, targets: list[Tensor], critic: AuCritic) -> Tensor:
        losses = []
        for step, interpolated in enumerate(targets[:-1], start=1):
            pseudo = pseudo_target(batch.aus, batch.target_aus, step, len(targets))
            losses.append(interpolation_regression(interpolated, pseudo))
            losses.append(self.weights.interp_critic * generator_adversarial_loss(critic(interpolated)))
        return torch.stack(losses).sum()


class StarGANObjective:
    """StarGAN (Choi et al., CVPR 2018), Sec. 3.1, with its authors' weights, on expression labels."""

    def __init__(self, generator: StarGANGenerator, discriminators: Discriminators, weights: "Losses") -> None:
        self.generator, self.discriminators, self.weights = generator, discriminators, weights
        self.critic = discriminators.critics()[0]["final"]

    def discriminator_loss(self, batch: Batch) -> Loss:
        """Its Eq. 5: WGAN-GP and classification of real images."""
        with torch.no_grad():
            generated = self.generator(batch.image, one_hot(batch.target_label))
        with fixed_weights(self.discriminators):
            adversarial, penalty, predicted = discriminator_terms(self.critic, batch.image, generated, "sum")
        assert predicted is not None
        classification = F.cross_entropy(predicted, batch.label)
        total = adversarial + self.weights.gradient_penalty * penalty + self.weights.stargan_cls * classification
        return Loss(total, {"D/L_adv": adversarial, "D/L_gp": penalty, "D/L_cls": classification})

    def generator_loss(self, batch: Batch) -> Loss:
        """Its Eq. 6: adversarial, classification of edits, reconstruction."""
        edit = self.generator(batch.image, one_hot(batch.target_label))
        scores, predicted = self.critic(edit)
        adversarial, classification = generator_adversarial_loss(scores), F.cross_entropy(predicted, batch.target_label)
        reconstruction = content_loss(self.generator(edit, one_hot(batch.label)), batch.image)
        total = adversarial + self.weights.stargan_cls * classification + self.weights.stargan_rec * reconstruction
        return Loss(total, {"G/L_adv": adversarial, "G/L_cls": classification, "G/L_rec": reconstruction})

    def edit(self, batch: Batch) -> list[Tensor]:
        """The edited images."""
        return [self.generator(batch.image, one_hot(batch.target_label))]


#: A method's networks and what they minimise.
Objective = EditingObjective | StarGANObjective


def build_objective(spec: ModelSpec, weights: "Losses", seed: int, device: torch.device) -> Objective:
    """Networks of a method, initialised from `seed`, with what they minimise."""
    torch.manual_seed(seed)
    generator, discriminators = build_generator(spec).to(device), Discriminators(spec).to(device)
    if spec.info.family == "stargan":
        return StarGANObjective(generator, discriminators, weights)  # type: ignore[arg-type]
    return EditingObjective(generator, discriminators, weights, spec.info.family == "ganimation")  # type: ignore[arg-type]
