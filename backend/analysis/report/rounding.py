"""How numbers are shown: the one place where they are rounded."""

import math
from dataclasses import dataclass

UNDEFINED = "-"
TINY = 0.001


@dataclass(frozen=True)
class Style:
    """How the numbers of a report are shown.

    Attributes
    ----------
    truncated : bool
        Digits are cut off rather than rounded, as in Baur et al. (2018).
    """

    truncated: bool = False

    def number(self, value: float | None, digits: int = 3) -> str:
        """A number with so many decimals.

        Examples
        --------
        >>> Style().number(2 / 3), Style(truncated=True).number(2 / 3), Style().number(None)
        ('0.667', '0.666', '-')
        """
        if value is None:
            return UNDEFINED
        if self.truncated:
            # A number that is exactly so many decimals must not lose one to its binary form.
            value = math.trunc(round(value * 10**digits, 6)) / 10**digits
        return f"{value + 0.0:.{digits}f}".replace("-0." + "0" * digits, "0." + "0" * digits)

    def interval(self, low: float | None, high: float | None, digits: int = 3) -> str:
        """An interval, as "0.123 to 0.456"."""
        if low is None or high is None:
            return UNDEFINED
        return f"{self.number(low, digits)} to {self.number(high, digits)}"

    def p(self, value: float | None) -> str:
        """A p-value: three decimals, and never 0.

        Examples
        --------
        >>> Style().p(0.0004), Style().p(0.0499)
        ('< 0.001', '0.050')
        """
        if value is None:
            return UNDEFINED
        return f"< {TINY}" if value < TINY else f"{value:.3f}"

    def seconds(self, milliseconds: float | None) -> str:
        """Milliseconds as seconds with one decimal."""
        return UNDEFINED if milliseconds is None else f"{milliseconds / 1000:.1f}"


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where there are several.

    Examples
    --------
    >>> count(1, "rater"), count(1200, "image")
    ('1 rater', '1,200 images')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
