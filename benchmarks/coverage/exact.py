"""One rater alone: coverage and size by counting all outcomes, so without chance.

Raters are drawn from the population of `settings`, and for each of them every pair of TP and TN is weighed by
its probability; what is given is the mean over raters.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri
from scipy.stats import binom, multinomial

from backend.analysis.course.changes import mcnemar_exact, paired_change
from backend.analysis.groups.equivalence import binomial_equivalence
from backend.analysis.intervals import Limits, clopper_pearson_limits, wilson_limits
from backend.analysis.planning.model import intercept
from backend.analysis.raters.chance import binomial_p, fisher_p, odds_ratio_limits
from backend.analysis.raters.detection import signal_detection
from backend.analysis.raters.rates import balanced_limits
from benchmarks.coverage.outcomes import INTERVALS, TESTS
from benchmarks.coverage.settings import ABILITY_SD, FAKES, MARGIN, READINESS_SD, REALS, Setting

RATERS = 300
BIASED = "answer does not depend on truth: accuracy is 1/2, binomial"
N = REALS + FAKES
CHANGE = 0.03
TP, TN = (grid.ravel() for grid in np.meshgrid(np.arange(REALS + 1), np.arange(FAKES + 1), indexing="ij"))
CELLS = (TP, FAKES - TN, REALS - TP, TN)
Floats = NDArray[np.float64]
Shares = dict[tuple[str, str], tuple[float, float]]


def one_rater(random: np.random.Generator, setting: Setting) -> Shares:
    """Each method's share of hits, and of undefined intervals, by its table and name."""
    return _intervals(random, setting) | _tests(setting) | _revisions()


def _intervals(random: np.random.Generator, setting: Setting) -> Shares:
    sd = float(np.hypot(ABILITY_SD, READINESS_SD))
    able, ready = random.standard_normal((2, RATERS))
    effects = ABILITY_SD * able + READINESS_SD * np.stack([ready, -ready])
    tpr, tnr = (
        expit(intercept(rate, sd) + effect)
        for rate, effect in zip((setting.tpr, setting.tnr), effects, strict=True)
    )
    weights = _weights(tpr, tnr)
    accuracy = (REALS * tpr + FAKES * tnr) / N
    hits, alarms = ndtri(tpr), ndtri(1 - tnr)
    d_prime, criterion = signal_detection(*CELLS)
    found: dict[str, tuple[Limits, Floats]] = {}
    for name, limits in (("Wilson", wilson_limits), ("Clopper-Pearson", clopper_pearson_limits)):
        found[f"a rater's accuracy, {name}"] = limits(TP + TN, N), accuracy
        found[f"a rater's TPR, {name}"] = limits(TP, REALS), tpr
        found[f"a rater's TNR, {name}"] = limits(TN, FAKES), tnr
    found["a rater's balanced accuracy, Newcombe"] = (
        balanced_limits(TP, REALS, TN, FAKES),
        (tpr + tnr) / 2,
    )
    found["a rater's d', normal"] = d_prime.interval(), hits - alarms
    found["a rater's criterion c, normal"] = criterion.interval(), -(hits + alarms) / 2
    odds = tpr * tnr / ((1 - tpr) * (1 - tnr))
    found["a rater's odds ratio, Woolf"] = odds_ratio_limits(*CELLS), odds
    return {(INTERVALS, name): _share(weights, *one) for name, one in found.items()}


def _weights(tpr: Floats, tnr: Floats) -> Floats:
    """The probability of each outcome for each rater."""
    of_reals = binom.pmf(TP, REALS, np.atleast_1d(tpr)[:, None])
    return of_reals * binom.pmf(TN, FAKES, np.atleast_1d(tnr)[:, None])


def _share(weights: Floats, limits: Limits, truth: Floats) -> tuple[float, float]:
    low, high = limits
    known = ~np.isnan(low)
    hit = (low <= truth[:, None]) & (truth[:, None] <= high)
    defined = (weights * known).sum(axis=1)
    return float(((weights * hit).sum(axis=1) / defined).mean()), float(1 - defined.mean())


def _tests(setting: Setting) -> Shares:
    pi = setting.called_real
    k = np.arange(N + 1)
    binomial = binomial_p(k, N)
    blind = _weights(pi, 1 - pi)[0]
    fisher = np.array([fisher_p(*map(int, cells)) for cells in zip(*CELLS, strict=True)])
    equivalence = np.array([binomial_equivalence(int(right), N, MARGIN).p_value for right in k])
    return {
        (TESTS, "accuracy is 1/2: binomial"): _size(binomial, binom.pmf(k, N, 0.5)),
        (TESTS, "answer does not depend on truth: Fisher"): _size(fisher, blind),
        (TESTS, "accuracy at the margin: TOST, binomial"): _size(equivalence, binom.pmf(k, N, 0.5 + MARGIN)),
        (TESTS, BIASED): _size(binomial_p(TP + TN, N), blind),
    }


def _size(p_values: Floats, weights: Floats) -> tuple[float, float]:
    return float(weights[p_values <= 0.05].sum()), 0.0


def _revisions() -> Shares:
    """McNemar's test where a tenth of the answers change, either way; the interval of a change of 0.03."""
    gained, lost = (grid.ravel() for grid in np.meshgrid(np.arange(N + 1), np.arange(N + 1)))
    gained, lost = (values[gained + lost <= N] for values in (gained, lost))
    cells = np.stack([gained, lost, N - gained - lost], axis=1)
    null, apart = (
        multinomial.pmf(cells, N, [*shares, 1 - sum(shares)])
        for shares in ([0.05, 0.05], [0.03 + CHANGE, 0.03])
    )
    limits = [paired_change(up, down, N) for up, down in zip(gained.tolist(), lost.tolist(), strict=True)]
    low, high = np.array(limits).T
    held = float(apart[(low <= CHANGE) & (high >= CHANGE)].sum())
    return {
        (INTERVALS, "a rater's change by revisions, Bonett-Price"): (held, 0.0),
        (TESTS, "revisions do not help: McNemar"): _size(mcnemar_exact(gained, lost), null),
    }
