"""The paper's claims, one entry each, with the rule that decides it; the same for every preset. New ones go here.

Every rule has this form: a sum of numbers of the same images (`terms`) lies beyond `bar`, in the claim's direction.
A claim holds where all its parts do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cascade_efgan.datasets import TRUE_EDITS
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.methods import METHODS, wild_method
from cascade_efgan.tables.rows import Settings, ablation_dataset

EF, CASCADE, WILD = "ef_gan", "cascade_ef_gan", "wild"

#: Stands for the data set of a claim about wild images in a run that has none.
NO_WILD = "wild images"

#: Why some claims are not measured on photographs.
ONLY_RENDERED = "only rendered faces have true edits, and AUs that the regressor reads"

#: Metrics that only claims need: R and R+G by further classifiers; of edits; of EF-GAN's attention; of Cascade EF-GAN's
#: Interpolator and paths; of wild images.
BY_MORE_CLASSIFIERS = ("R_again", "R+G_again")
OF_EDITS = ("gap", "left_over", "region_error")
OF_ATTENTION = (
    "focus_local",
    "focus_global",
    "upper_local",
    "upper_global",
    "mouth_global",
    "hits_local",
    "hits_global",
)
OF_PATHS = ("distance_interpolated", "distance_linear", "distance_real", "critic_interpolated", "critic_linear",
            "steps_forward", "steps_even", "largest_step")  # fmt: skip
OF_WILD = ("au_approach", "change_outside")


@dataclass(frozen=True)
class Part:
    """One tested statement.

    Attributes:
        words: what it says; a verdict repeats it and adds nothing.
        terms: (factor, method, metric): the effect is their sum, image by image.
        more: the effect is claimed to be above `bar`; False: below it.
        bar: what the effect is tested against.
        least: smallest distance from `bar` that is worth the claim: an effect shown to be smaller refutes it, even if
            it is shown to be there. None where no such size is known.
        over: metric over which the effect's slope is taken instead of its mean.
    """

    words: str
    terms: tuple[tuple[int, str, str], ...]
    more: bool = True
    bar: float = 0.0
    least: float | None = None
    over: str | None = None
    unit: str = "points"

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """(method, metric) of its terms, and of what a slope is taken over."""
        over = [(self.terms[0][1], self.over)] if self.over else []
        return [(method, metric) for _, method, metric in self.terms] + over


@dataclass(frozen=True)
class Claim:
    """What the paper asserts.

    Attributes:
        id: key in JSON and CSV.
        ablation: it is about Table 3, which has one data set.
        true_edits: only rendered faces can tell, whose true edits are known.
        wild: it is about wild images, whose data set has a setting of its own.
        classifiers: fewer further classifiers of R and R+G than this decide nothing.
        auc: the identity measure must order this share of pairs of real images right, or decides nothing.
        note: what a reader must know of the rule.
    """

    id: str
    text: str
    source: str
    parts: tuple[Part, ...] = ()
    ablation: bool = False
    true_edits: bool = False
    wild: bool = False
    classifiers: int = 0
    auc: float | None = None
    note: str = ""

    @property
    def methods(self) -> list[str]:
        """The methods that must have been trained for it, those that cascades start from included."""
        asked = {CASCADE if method == WILD else method for method, _ in self.numbers if method != REAL}
        asked |= {start for name in asked if (start := METHODS[name].pretrained)}
        return [name for name in METHODS if name in asked]

    def datasets(self, settings: Settings) -> list[str]:
        """The data sets that it is judged on."""
        if self.wild:
            return [settings["wild"]["dataset"] or NO_WILD]
        return [ablation_dataset(settings)] if self.ablation else list(settings["datasets"])

    def measured_on(self, dataset: str) -> bool:
        """Whether a data set has the true edits that it asks for."""
        return not self.true_edits or dataset in TRUE_EDITS

    def other_editor(self, settings: Settings) -> str:
        """`Baseline, not Cascade EF-GAN` where a method that it is not about edits its images; else empty."""
        method = wild_method(settings["wild"].get("init_from")) if self.wild else CASCADE
        return "" if method == CASCADE else f"{METHODS[method].title}, not {METHODS[CASCADE].title}"

    def lacks_classifiers(self, settings: Settings) -> bool:
        """Whether a run has fewer further classifiers than decide it."""
        return bool(settings["measures"].get("classifiers", 0) < self.classifiers)

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """(method, metric) of every number that its parts are made of."""
        return list(dict.fromkeys(number for part in self.parts for number in part.numbers))


def _gain(
    first: str, second: str, metric: str, least: float | None = None, more: bool = True, unit: str = "points"
) -> Part:
    """The first method's number is higher (`more`) or lower than the second's."""
    names = {"psnr": "PSNR", "fid": "Fréchet distance", "identity": "identity cosine"}
    name = names.get(metric, metric.replace("_", " "))
    words = f"{name} of {METHODS[first].title} is {'higher' if more else 'lower'} than that of {METHODS[second].title}"
    return Part(words, ((1, first, metric), (-1, second, metric)), more, least=least, unit=unit)


def _against_both(metric: str, least: float | None = None, more: bool = True, unit: str = "points") -> tuple[Part, ...]:
    return tuple(_gain(CASCADE, other, metric, least, more, unit) for other in ("stargan", "ganimation"))


def _adds(method: str) -> Part:
    words = f"R+G of {METHODS[method].title} is at most 1 point above R"
    return Part(words, ((1, method, "R+G_again"), (-1, REAL, "R_again")), more=False, bar=1.0)


def _steps(pairs: Iterable[tuple[str, str]]) -> tuple[Part, ...]:
    return tuple(_gain(first, second, "G", 1.0) for first, second in pairs)


def _inside(words: str, method: str, first: str, second: str, least: float | None, unit: str) -> Part:
    return Part(words, ((1, method, first), (-1, method, second)), least=least, unit=unit)


CLAIMS: tuple[Claim, ...] = (
    Claim("recognised", "Cascade EF-GAN's edits are recognised better than StarGAN's and GANimation's", "Table 1, G",
          _against_both("G", 1.0)),
    Claim("trains_classifiers", "Cascade EF-GAN's edits help to train classifiers, the others' do not",
          "Table 1, R+G; Sec. 4.3",
          (Part("R+G of Cascade EF-GAN is higher than R", ((1, CASCADE, "R+G_again"), (-1, REAL, "R_again")),
                least=1.0),
           _adds("stargan"), _adds("ganimation")), classifiers=2,
          note="by further classifiers, each from a seed of its own, which must agree: one image "
          "of a small test set moves a single classifier's accuracy"),
    Claim("quality", "Cascade EF-GAN's edits have a higher PSNR and a lower FID than both", "Table 2",
          (*_against_both("psnr", 0.1, unit="dB"), *_against_both("fid", more=False, unit="")),
          note="the distance is FID where the extractor is Inception, which Table 2 names"),
    Claim("local_focuses", "Local focuses help", "Table 3, Sec. 4.4",
          _steps([(EF, "baseline"), (CASCADE, "baseline_cascade")]), ablation=True),
    Claim("cascade", "The cascade helps", "Table 3, Sec. 4.4",
          _steps([("baseline_cascade", "baseline"), (CASCADE, EF)]), ablation=True),
    Claim("both", "Both together help most", "Table 3, Sec. 4.4",
          _steps([(CASCADE, "baseline"), (CASCADE, EF), (CASCADE, "baseline_cascade")]), ablation=True),
    Claim("complementary", "Local focuses and cascade complement each other", "Sec. 4.4",
          (*_steps([(CASCADE, EF), (CASCADE, "baseline_cascade")]),
           Part("the gain in G of both together is at most 2 points smaller than the sum of their single gains",
                ((1, CASCADE, "G"), (-1, EF, "G"), (-1, "baseline_cascade", "G"), (1, "baseline", "G")), bar=-2.0)),
          ablation=True, note="each adds to the other, and little of their single gains is lost; that loss is 0.54 "
          "points in the paper's own Table 3"),
    Claim("large_gaps", "The cascade helps most where the expression gap is large", "Sec. 3.2, Fig. 4",
          (_gain(CASCADE, EF, "G", 1.0),
           Part(f"G of {METHODS[CASCADE].title} minus G of {METHODS[EF].title} grows with the expression gap",
                ((1, CASCADE, "G"), (-1, EF, "G")), over="gap", least=0.5, unit="points per unit of the gap")),
          note="the gap of an edit is the Euclidean distance of source and target AUs, each 0 to 5; slope of the gain "
          "over it"),
    Claim("artifacts", "Overlapping artifacts are suppressed", "Sec. 1, 3.2",
          (_gain(CASCADE, EF, "left_over", 0.02, False, "AU intensity"),
           _gain(CASCADE, EF, "region_error", 0.1, False, "grey levels"),
           _gain(CASCADE, "ganimation", "left_over", 0.02, False, "AU intensity"),
           _gain(CASCADE, "ganimation", "region_error", 0.1, False, "grey levels")), true_edits=True,
          note="left over: what the AU regressor still sees, above the target, of AUs of the source that should go "
          "down by 1 or more; region error: mean absolute error against the true edit in the eyes and mouth boxes"),
    Claim("identity", "Identity is kept better with local focuses", "Sec. 1, 4.4",
          tuple(_gain(first, second, "identity", 0.01, unit="cosine")
                for first, second in [(EF, "baseline"), (CASCADE, "baseline_cascade")]), ablation=True, auc=0.75,
          note="an edit that changes less keeps more of its input (doing nothing: 1); it says little where G is lower"),
    Claim("attention", "Local attention is sharper and finds eyes and nose, global attention the mouth", "Fig. 3",
          (_inside("local attention holds more of its sum in a box's strongest tenth of pixels than global attention",
                   EF, "focus_local", "focus_global", 0.01, "of the sum"),
           _inside("a larger share of local than of global attention lies on eyes and nose",
                   EF, "upper_local", "upper_global", 0.05, "times the mean"),
           _inside("global attention to the mouth is stronger than to eyes and nose",
                   EF, "mouth_global", "upper_global", 0.05, "times the mean")),
          note="all on the pixels of the eyes, nose and mouth boxes: sharpness box by box, then their mean; the "
          "mean attention is a map's over the three"),
    Claim("attention_hits", "Local attention lies where the expression changes, more than global attention does",
          "Sec. 3.1, Fig. 3",
          (_inside("local attention correlates more with where the true edit changes than global attention",
                   EF, "hits_local", "hits_global", 0.02, "correlation"),), true_edits=True),
    Claim("manifold", "The Interpolator's AUs stay on the manifold of natural AUs, linear ones leave it", "Sec. 3.2",
          (_inside("AUs on the straight line are farther from real training AUs than test AUs are",
                   CASCADE, "distance_linear", "distance_real", 0.05, "AU distance"),
           _inside("AUs on the straight line are farther from real training AUs than the Interpolator's",
                   CASCADE, "distance_linear", "distance_interpolated", 0.05, "AU distance"),
           _inside("the Interpolator's critic scores its AUs higher (more like real ones) than those on the straight "
                   "line", CASCADE, "critic_interpolated", "critic_linear", None, "of the score")),
          note="distance to the nearest training AUs, and score, at 25, 50 and 75 % of the way of test edits; where "
          "test people are in training, their test AUs have near neighbours there; the critic was trained against the "
          "Interpolator, never against straight lines; how large a difference of its scores matters is not known"),
    Claim("from_scratch", "A cascade trained from scratch does not edit as well", "Sec. 3.3",
          (_gain(CASCADE, "cascade_from_scratch", "G", 1.0),
           _gain(CASCADE, "cascade_from_scratch", "psnr", 0.1, unit="dB")), ablation=True,
          note="equal epochs: the one from scratch is trained for as many as EF-GAN and its fine-tuning together"),
    Claim("continuous", "Edits are continuous", "Sec. 4.5",
          (Part("more than 80 % of the steps go towards the target", ((1, CASCADE, "steps_forward"),), bar=0.8,
                unit="of the steps"),
           Part("progress and intensity correlate by more than 0.9", ((1, CASCADE, "steps_even"),), bar=0.9,
                unit="correlation"),
           Part("the largest of five steps is less than half of their sum", ((1, CASCADE, "largest_step"),), more=False,
                bar=0.5, unit="of their sum")), true_edits=True,
          note="AUs that the AU regressor reads at 0, 20, ..., 100 % of the way, projected on it; means over edits. A "
          "single jump halfway correlates by 0.88 and is all of the way in one step; five even steps are 0.2 each"),
    Claim("wild", "On wild images expressions change and the background stays", "Sec. 4.5",
          (Part("AUs read from edits are nearer to the target than those read from their sources",
                ((1, WILD, "au_approach"),), least=0.05, unit="AU intensity"),
           Part("outside the face, edits differ from their sources by less than 2 grey levels",
                ((1, WILD, "change_outside"),), more=False, bar=2.0, unit="grey levels")), wild=True,
          note="edits to another expression than the source's; mean over the AUs that the reader tells; outside the "
          "face: farther than 5 % of the side from the hull of the landmarks and the forehead above them"),
)  # fmt: skip
