"""Confidence intervals of proportions."""

LEVEL = 0.95


def wilson(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
    """Wilson's score interval of a proportion in [0, 1]; ``(None, None)`` without trials.

    It keeps near its level for the few dozen images of a study, and stays inside [0, 1] at both ends
    (Wilson 1927, J. Am. Stat. Assoc. 22:209; Brown, Cai & DasGupta 2001, Stat. Sci. 16:101).
    """
    # Loaded when the first interval is wanted: a server that starts should not wait for scipy.stats.
    from scipy.stats import binomtest  # noqa: PLC0415

    if trials == 0:
        return None, None
    interval = binomtest(successes, trials).proportion_ci(confidence_level=level, method="wilson")
    return float(interval.low), float(interval.high)
