"""What every agreement coefficient gives: a value, its standard error, and an interval."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from backend.analysis.intervals import LEVEL

Interval = tuple[float, float] | tuple[None, None]
ONE_ITEM = "one image only: its standard error is undefined"
ALIKE = "all images agree alike: the standard error is 0 and gives no interval"
ROUNDING = 1e-12


@dataclass(frozen=True)
class Estimate:
    """An agreement coefficient. What is undefined is ``None``, with the reason in ``degenerate``.

    Attributes
    ----------
    value : float or None
        The coefficient.
    se : float or None
        Gwet's standard error: over other items from the same population, rated by these same raters.
    items : int
        The items that the standard error rests on.
    degenerate : str or None
        Why the value, the standard error or the t interval is undefined, or what was left out.
    minimum : float
        The least value that the coefficient takes on a table without lone ratings; intervals end there.
    """

    value: float | None = None
    se: float | None = None
    items: int = 0
    degenerate: str | None = None
    minimum: float = field(default=-1.0, repr=False)
    METHODS: ClassVar[tuple[str, ...]] = ("t",)

    @property
    def default_method(self) -> str:
        """The method of ``interval`` where none is named."""
        return "t"

    def interval(self, level: float = LEVEL, method: str = "t") -> Interval:
        """The two-sided confidence interval; ``(None, None)`` where it is undefined.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        method : str
            ``t``: value -+ t se with Student's t of one degree of freedom less than there are items, cut at
            ``minimum`` and 1.

        Raises
        ------
        ValueError
            For a level outside (0, 1) or another method.
        """
        self._check(level, method)
        return self._t_interval(level)

    def _check(self, level: float, method: str) -> None:
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level}")
        if method not in self.METHODS:
            raise ValueError(f"method must be one of {', '.join(self.METHODS)}, not {method!r}")

    def _t_interval(self, level: float) -> Interval:
        if self.value is None or not self.se:
            return None, None
        half = float(stdtrit(self.items - 1, (1 + level) / 2)) * self.se
        # Lone ratings can pull a kappa below its minimum; the interval must still hold it.
        return max(min(self.minimum, self.value), self.value - half), min(1.0, self.value + half)


def standard_error(deviations: NDArray[np.float64]) -> float | None:
    """Of a mean, from what each item adds to it; ``None`` for one item, 0 where all add the same."""
    n = len(deviations)
    if n < 2:
        return None
    se = float(np.sqrt((deviations @ deviations) / (n * (n - 1))))
    return se if se > ROUNDING else 0.0


def linearised(value: float, influence: NDArray[np.float64], minimum: float = -1.0) -> Estimate:
    """A coefficient from its linearisation, whose mean over the items is ``value``.

    The variance is sum (influence_i - value)^2 / (n (n - 1)): Gwet (2014), Handbook of Inter-Rater
    Reliability, 4th ed., chapter 5, for items drawn from an infinite population.
    """
    se = standard_error(influence - value)
    reason = ONE_ITEM if se is None else None if se else ALIKE
    return Estimate(float(value), se, len(influence), reason, minimum)
