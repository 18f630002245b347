"""The variance of a weighted sum of scores over raters and images, and its degrees of freedom."""

import numpy as np

from backend.analysis.groups.crossed_design import Design
from backend.analysis.groups.crossed_estimate import Variance
from backend.analysis.groups.crossed_moments import components
from backend.analysis.groups.scores import Floats


def variance_of(design: Design) -> tuple[Variance, float | None]:
    """The variance of the weighted sum of a design's scores, and Satterthwaite's degrees of freedom.

    See ``crossed.crossed_mean`` for the formulas.
    """
    raters, images, residual = contributions(design)
    if not all(np.isfinite(part).all() for part in (raters, images, residual)):
        return Variance(), None
    residual = np.maximum(residual, 0.0)
    variance = Variance(
        raters=float(np.maximum(raters, 0).sum()),
        images=float(np.maximum(images, 0).sum()),
        residual=float(residual.sum()),
    )
    if not variance.total:
        return variance, None
    return variance, _degrees_of_freedom(design, variance.total, (raters, images, residual))


def contributions(design: Design) -> tuple[Floats, Floats, Floats]:
    """Of each group's raters, each stratum's images, and the residual of each group and stratum."""
    found = components(design.scores, design.answered, design.groups, design.strata)
    w, groups, strata = design.weights, design.groups, design.strata
    by_rater, by_image = w @ strata.T, groups @ w
    products = (
        np.einsum("gi,is,it->gst", groups, by_rater, by_rater),
        np.einsum("sj,gj,hj->sgh", strata, by_image, by_image),
        groups @ w**2 @ strata.T,
    )
    # A component that no pair of scores tells of matters only if the weights ask for it.
    raters, images, residual = (
        np.where(product == 0, 0.0, component * product)
        for component, product in zip(found, products, strict=True)
    )
    return raters.sum(axis=(1, 2)), images.sum(axis=(1, 2)), residual


def _degrees_of_freedom(design: Design, total: float, parts: tuple[Floats, Floats, Floats]) -> float:
    """Satterthwaite's, of the mean squares of raters, images and residual, by their parts in the variance."""
    raters, images, residual = parts
    cells = design.groups @ design.answered @ design.strata.T
    freedom = cells - design.raters()[:, None] - design.images()[None, :] + 1
    squares = ((raters + residual.sum(axis=1)) ** 2 / (design.raters() - 1)).sum()
    squares += ((images + residual.sum(axis=0)) ** 2 / np.maximum(design.images() - 1, 1)).sum()
    squares += (residual**2 / np.maximum(freedom, 1)).sum()
    fewest = min(design.raters().min(), design.images().min())
    return float(max(total**2 / squares, fewest - 1))
