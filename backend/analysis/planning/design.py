"""What a plan asks: which raters and images, what is true, and what shall be shown."""

from dataclasses import dataclass

from backend.analysis.groups.equivalence import CHANCE
from backend.analysis.planning.exact import ALPHA
from backend.analysis.planning.model import CrossedModel

MOST_ANSWERS = 1_000_000
NEAR = 1e-9
MEASURES = ("accuracy", "balanced_accuracy")
BETWEEN = {
    "tpr": (0, 1),
    "tnr": (0, 1),
    "alpha": (0, 0.5),
    "margin": (0, 0.5),
    "equivalence_accuracy": (0, 1),
    "power": (0, 1),
    "width": (0, 1),
}
"""Fields that must lie between two values, and may be neither."""
WITHIN = {"rater_sd": (0, 3), "image_sd": (0, 3), "fakes_share": (0, 1), "simulations": (100, 1_000_000)}
"""Fields that must lie between two values, or be one of them."""


@dataclass(frozen=True)
class Design:
    """The configuration of a plan.

    Attributes
    ----------
    raters, images : tuple of int
        The grid: every number of raters with every number of images.
    measure : str
        The rate of a rater that is averaged: ``accuracy`` or ``balanced_accuracy``, the mean of TPR and TNR.
    tpr, tnr : float
        True mean accuracy on reals and on fakes, at which superiority and widths are simulated.
    rater_sd, image_sd : float
        Standard deviations of the rater and image effects, in logits.
    fakes_share : float
        Share of fakes among the images.
    alpha : float
        Level of the two-sided test and of each one-sided test of equivalence; intervals are of 1 - alpha.
    margin : float or None
        Margin of equivalence around 1/2; without one no equivalence is planned.
    equivalence_accuracy : float
        True mean accuracy at which equivalence is simulated.
    power : float
        The power that is wanted.
    width : float or None
        The width of the interval of the mean that is wanted, if any.
    kappa : bool
        Whether to plan the width of the interval of Fleiss' kappa too.
    simulations : int
        Simulated studies in each cell of the grid.
    seed : int
        Seed of the simulation.
    """

    raters: tuple[int, ...] = (3, 5, 8, 12, 20)
    images: tuple[int, ...] = (40, 80, 120, 200)
    measure: str = MEASURES[0]
    tpr: float = 0.6
    tnr: float = 0.6
    rater_sd: float = 0.3
    image_sd: float = 0.5
    fakes_share: float = 0.375
    alpha: float = ALPHA
    margin: float | None = None
    equivalence_accuracy: float = CHANCE
    power: float = 0.8
    width: float | None = None
    kappa: bool = False
    simulations: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be planned: raises ``ValueError`` that names the field."""
        for name in ("raters", "images"):
            counts = getattr(self, name)
            if not counts or min(counts) < 2 or list(counts) != sorted(set(counts)):
                found = ", ".join(map(str, counts))
                raise ValueError(f"{name} must be rising numbers from 2 on, not {found}")
        if self.raters[-1] * self.images[-1] > MOST_ANSWERS:
            raise ValueError(f"raters times images must be at most {MOST_ANSWERS:,}")
        for name, (low, high) in BETWEEN.items():
            value = getattr(self, name)
            if value is not None and not low < value < high:
                raise ValueError(f"{name} must lie between {low:g} and {high:g}, not {value:g}")
        for name, (low, high) in WITHIN.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {getattr(self, name):g}")
        if self.margin is not None and abs(self.equivalence_accuracy - CHANCE) >= self.margin - NEAR:
            raise ValueError(
                f"equivalence_accuracy {self.equivalence_accuracy:g} lies outside the margin {self.margin:g} "
                "around 0.5: what is not so cannot be shown"
            )
        self._check_images()

    def _check_images(self) -> None:
        """Refuse a mix whose variances the analysis could not know."""
        if self.measure not in MEASURES:
            raise ValueError(f"measure must be {' or '.join(MEASURES)}, not {self.measure}")
        for images in self.images:
            fakes = self.fakes(images)
            fewest = min(fakes, images - fakes)
            if fewest == 1 or (fewest == 0 and self.measure == "balanced_accuracy"):
                raise ValueError(
                    f"fakes_share {self.fakes_share:g} makes {fakes} of {images} images fakes: the analysis "
                    "needs two of a kind"
                )

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return 1 - self.alpha

    @property
    def model(self) -> CrossedModel:
        """What is true where superiority is to be shown."""
        return CrossedModel(self.tpr, self.tnr, self.rater_sd, self.image_sd)

    @property
    def equivalence_model(self) -> CrossedModel:
        """What is true where equivalence is to be shown: on reals and fakes alike."""
        truth = self.equivalence_accuracy
        return CrossedModel(truth, truth, self.rater_sd, self.image_sd)

    def fakes(self, images: int) -> int:
        """Fakes among so many images."""
        return round(images * self.fakes_share)

    def weights(self, reals: int, fakes: int) -> tuple[float, float]:
        """What reals and fakes weigh in a rater's rate."""
        if self.measure == "balanced_accuracy":
            return 0.5, 0.5
        return reals / (reals + fakes), fakes / (reals + fakes)

    def truth(self, images: int) -> float:
        """The true mean of the measure, over all raters and images that there might be."""
        fakes = self.fakes(images)
        of_reals, of_fakes = self.weights(images - fakes, fakes)
        return of_reals * self.tpr + of_fakes * self.tnr
