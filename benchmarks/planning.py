"""Error rates of tests of mean accuracy against 1/2, where it is 1/2: a pooled one, and the report's.

    python -m benchmarks.planning [--raters 8] [--images 80] [--simulations 10000] [--seed 0]

The pooled test takes all answers for independent, which answers to one image, or of one rater, are not.
"""

import argparse

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from backend.analysis.planning.batch import mean_rates
from backend.analysis.planning.model import CrossedModel, Draws

RATER_SDS = (0.0, 0.2, 0.3, 0.5, 0.8)
IMAGE_SDS = (0.0, 0.5, 1.0)
LEVEL = 0.95
AT_ONCE = 500


def main() -> None:
    """Print a table in Markdown: pooled / two-way error rates in percent, by the two standard deviations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, default=8)
    parser.add_argument("--images", type=int, default=80)
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    columns = [f"pooled, image SD {sd:g} | two-way" for sd in IMAGE_SDS]
    print(f"| {options.images} images: SD of raters | " + " | ".join(columns) + " |")
    print("|---" * (1 + 2 * len(IMAGE_SDS)) + "|")
    for rater_sd in RATER_SDS:
        cells = [rates(rater_sd, image_sd, options) for image_sd in IMAGE_SDS]
        shown = [f"{100 * rate:.1f} %" for pair in cells for rate in pair]
        print(f"| {rater_sd:g} | " + " | ".join(shown) + " |", flush=True)


def rates(rater_sd: float, image_sd: float, options: argparse.Namespace) -> tuple[float, float]:
    """How often each test rejects that mean accuracy is 1/2, though it is."""
    random = np.random.default_rng(options.seed)
    model = CrossedModel(0.5, 0.5, rater_sd, image_sd)
    pooled, twoway = 0, 0
    for begun in range(0, options.simulations, AT_ONCE):
        studies = min(AT_ONCE, options.simulations - begun)
        right = Draws.make(random, studies, options.raters, options.images).right(model, options.images, 0)
        low, high = mean_rates([right], [1.0]).interval(LEVEL)
        twoway += np.count_nonzero((low > 0.5) | (high < 0.5))
        pooled += np.count_nonzero(pooled_p(right) <= 1 - LEVEL)
    return pooled / options.simulations, twoway / options.simulations


def pooled_p(right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Two-sided p of the exact binomial test over all answers of each study."""
    _, raters, images = right.shape
    answers, hits = raters * images, right.sum(axis=(1, 2))
    return np.minimum(1, 2 * binom.cdf(np.minimum(hits, answers - hits), answers, 0.5))


if __name__ == "__main__":
    main()
