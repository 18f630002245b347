"""Agreement: studies whose true coefficients are known, under two models of how raters come to agree.

Beta-binomial: image j is called real with probability p_j by every rater, p_j from a beta distribution with
mean pi and intraclass correlation rho. Two ratings of an image then have the correlation rho: it is the true
kappa (Fleiss', Conger's, Light's) and alpha; two raters agree with probability 1 - 2 pi (1 - pi) (1 - rho).

Raters differ: the crossed model of `settings`, in which raters differ in how often they are right and in how
readily they say "real". The coefficients' true values are those of these raters on all images that there
might be.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from backend.analysis.agreement import (
    bootstrap_kappa,
    category_counts,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    light_kappa,
    percent_agreement,
)
from backend.analysis.intervals import normal_quantile
from backend.analysis.planning.model import NODES, WEIGHTS
from benchmarks.coverage.outcomes import WARNINGS, Outcome, covers, rejects
from benchmarks.coverage.settings import FAKES, IMAGE_SD, REALS, Setting, Study, draw

KAPPAS = (0.06, 0.3)
RESAMPLES, RATER_RESAMPLES = 2000, 200
Truths = dict[str, float]


def beta_binomial(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Every coefficient at two values of kappa, and the test of kappa = 0 where it is 0."""
    for kappa in KAPPAS:
        ratings = _ratings(random, setting, kappa)
        pi = setting.called_real
        chance = 2 * pi * (1 - pi)
        agreement = 1 - chance * (1 - kappa)
        truths = dict.fromkeys(("fleiss", "conger", "light"), kappa)
        truths |= {"percent": agreement, "ac1": (agreement - chance) / (1 - chance)}
        yield from _all(ratings, truths, f"kappa {kappa:g}")
    found = fleiss_kappa(category_counts(_ratings(random, setting, 0)))
    p = None if found.value is None else float(2 * ndtr(-abs(found.value / found.null_se)))
    yield rejects("kappa is 0: z by the null standard error", p)


def raters_differ(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Every coefficient where raters have rates of their own."""
    study = draw(random, setting.raters, (setting.tpr, setting.tnr))
    yield from _all(study.called_real, true_coefficients(study), "raters differ")


def resampled(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Two bootstraps: of images, and of raters, which lets a doubled rater agree with herself."""
    kappa = KAPPAS[0]
    ratings = _ratings(random, setting, kappa)
    found = bootstrap_kappa(category_counts(ratings), resamples=RESAMPLES, seed=int(random.integers(2**31)))
    yield covers(f"Fleiss' kappa, bootstrap of images (kappa {kappa:g})", found.interval(), kappa)
    values = []
    for _ in range(RATER_RESAMPLES):
        chosen = random.integers(0, len(ratings), len(ratings))
        value = fleiss_kappa(category_counts(ratings[chosen])).value
        values += [] if value is None else [value]
    limits = tuple(np.quantile(values, [0.025, 0.975])) if values else (None, None)
    yield covers(f"Fleiss' kappa, bootstrap of raters (kappa {kappa:g})", limits, kappa, WARNINGS)


def _ratings(random: np.random.Generator, setting: Setting, kappa: float) -> NDArray[np.int8]:
    """Ratings (raters, images) from the beta-binomial model."""
    pi, size = setting.called_real, (1 - kappa) / kappa if kappa else np.inf
    images = REALS + FAKES
    share = random.beta(pi * size, (1 - pi) * size, images) if kappa else np.full(images, pi)
    return (random.random((setting.raters, images)) < share).astype(np.int8)


def _all(ratings: NDArray[np.int8], truths: Truths, which: str) -> Iterator[Outcome]:
    counts = category_counts(ratings)
    fleiss = fleiss_kappa(counts)
    alpha, kappa = krippendorff_alpha(counts), truths["fleiss"]
    yield covers(f"Fleiss' kappa, profile ({which})", fleiss.interval(), kappa)
    yield covers(f"Krippendorff's alpha, profile ({which})", alpha.interval(), kappa)
    for name, key, found in (
        ("Fleiss' kappa", "fleiss", fleiss),
        ("Gwet's AC1", "ac1", gwet_ac1(counts)),
        ("percent agreement", "percent", percent_agreement(counts)),
        ("Conger's kappa", "conger", conger_kappa(ratings)),
        ("Light's kappa", "light", light_kappa(ratings)),
    ):
        yield covers(f"{name}, t ({which})", found.interval(method="t"), truths[key])
    if fleiss.value is not None:
        half = normal_quantile(0.95) * fleiss.null_se
        limits = fleiss.value - half, fleiss.value + half
        yield covers(f"Fleiss' kappa, null standard error of 1979 ({which})", limits, kappa, WARNINGS)


def true_coefficients(study: Study) -> Truths:
    """The coefficients of a study's raters over all images: integrals over the images' effects."""
    agree, real = 0.0, 0.0
    for kind, share in ((0, REALS / (REALS + FAKES)), (1, FAKES / (REALS + FAKES))):
        right = expit(study.mu[kind] + study.raters[:, [kind]] + IMAGE_SD * NODES)
        called = right if kind == 0 else 1 - right
        agree = agree + share * ((called * WEIGHTS) @ called.T + ((1 - called) * WEIGHTS) @ (1 - called).T)
        real = real + share * called @ WEIGHTS
    chance = np.outer(real, real) + np.outer(1 - real, 1 - real)
    pairs = ~np.eye(len(real), dtype=bool)
    pi, agreement = real.mean(), agree[pairs].mean()
    by_pi, by_pairs = pi**2 + (1 - pi) ** 2, chance[pairs].mean()
    return {
        "percent": agreement,
        "fleiss": (agreement - by_pi) / (1 - by_pi),
        "ac1": (agreement - (1 - by_pi)) / by_pi,
        "conger": (agreement - by_pairs) / (1 - by_pairs),
        "light": ((agree - chance) / (1 - chance))[pairs].mean(),
    }
