"""Obuchowski and Rockette's method against published results, loops over the definition, and Hillis."""

import numpy as np
import pytest
from scipy import stats

from backend.analysis.groups.mrmc_gallas import gallas
from backend.analysis.groups.mrmc_obuchowski import obuchowski_rockette, obuchowski_rockette_difference
from backend.analysis.groups.mrmc_scores import Readings, delong_covariance, placements

# Van Dyke et al. (1993), the example of the OR-DBM MRMC programs: 5 readers, 69 patients without and 45 with
# an aortic dissection (a line each), rated 1 to 5 from spin-echo and from cine MRI.
SPIN_ECHO = """
122151111111411111111131311214111113121211233131133111111221111332111
555545554555434245555555154454553555115554451
232222222322522232222222422223222222222222222222222222222432232222222
535555542555442225555555243354552425225555352
222235112242422232221232411322112224121412112222223211211221151421212
545555555555542355555555252255552555225555552
111111311111111111112111211112111111111111111111331111111111111311111
555555555555555155555555554544553555125555555
351211112221211122113221111211211231221113332111211111111341231212113
525255551545452235555554144322151515115553552
"""
CINE = """
333222223213122222211111421312214323123122233111333113412421241442111
535555554555544335555555355355554455535555551
322222223222222122221222322222212212222231223222222222322322222222122
535555552555344245455545252355532425525555552
242222322211132222121121411512112122212221132111233113221232341242121
525555555555354145555555253355543555534555551
221111312111122111211111321212111122112111112121212211111212111323211
545555554555455555555555455445555555535555555
223122221222111222122212322321212222112121132122332122221222231233111
525455555455343335555555251332532545533555553
"""
TRUTHS = np.repeat([0, 1], [69, 45])


def ratings(text):
    lines = text.split()
    return np.array([[int(digit) for digit in a + b] for a, b in zip(lines[::2], lines[1::2], strict=True)])


def jackknifed(parts):
    """The jackknife's covariances of areas, which OR-DBM MRMC and MRMCaov print, from DeLong's components."""
    cases = sum(x.shape[1] for x in (parts.reals, parts.fakes))
    halves = (x @ x.T / (x.shape[1] - 1) ** 2 for x in (parts.reals, parts.fakes))
    return (cases - 1) / cases * sum(halves)


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)].mean()


@pytest.mark.parametrize(
    ("text", "areas", "ms_raters", "variance", "cov2", "se", "df", "interval"),
    [
        (
            SPIN_ECHO,
            [0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066],
            0.003082629,
            0.00101410,
            0.0004839618,
            0.03317360,
            12.74465,
            (0.8252236, 0.9688505),
        ),
        (
            CINE,
            [0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169],
            0.001304602,
            0.00059047,
            0.0002041879,
            0.02156637,
            12.71019,
            (0.8941378, 0.9875369),
        ),
    ],
)
def test_van_dyke_as_mrmcaov_prints_it(text, areas, ms_raters, variance, cov2, se, df, interval):
    readings = Readings.of(ratings(text), TRUTHS)
    parts = placements(readings)
    assert parts.areas == pytest.approx(areas, abs=1e-8)
    found = obuchowski_rockette(readings)
    assert found.value == pytest.approx(np.mean(areas), abs=1e-8)
    assert found.ms_raters == pytest.approx(ms_raters, abs=5e-10)
    covariance = jackknifed(parts)
    assert np.trace(covariance) / 5 == pytest.approx(variance, abs=5e-9)
    assert off_diagonal(covariance) == pytest.approx(cov2, abs=5e-11)
    assert found.cov2 == pytest.approx(off_diagonal(delong_covariance(parts)))
    # The published standard error and its degrees of freedom, with the jackknife's covariance in them.
    ratio = (ms_raters / 5 + cov2) / found.variance
    assert found.se * np.sqrt(ratio) == pytest.approx(se, abs=5e-8)
    assert found.df * ratio**2 == pytest.approx(df, abs=5e-5)
    half = stats.t.ppf(0.975, df) * se
    assert interval == pytest.approx((found.value - half, found.value + half), abs=5e-7)
    assert found.interval() == pytest.approx(interval, abs=5e-4)
    assert gallas(readings).variance == pytest.approx(found.variance, rel=0.01)


def delong_by_loops(scores, truths):
    """DeLong, DeLong & Clarke-Pearson (1988) for complete data, case by case."""
    raters, areas, kinds = range(len(scores)), [], ([], [])
    for row in scores:
        real, fake = row[truths == 1], row[truths == 0]
        wins = (real[:, None] > fake) + 0.5 * (real[:, None] == fake)
        areas.append(wins.mean())
        kinds[0].append(wins.mean(axis=1))
        kinds[1].append(wins.mean(axis=0))
    covariance = np.zeros((len(scores), len(scores)))
    for components in kinds:
        n = len(components[0])
        for r in raters:
            for s in raters:
                products = (components[r] - areas[r]) * (components[s] - areas[s])
                covariance[r, s] += products.sum() / (n - 1) / n
    return np.array(areas), covariance


def drawn(seed, raters, truths):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(raters, len(truths))) + 0.8 * truths + rng.normal(size=len(truths))
    return np.round(scores)


def test_delong_s_covariances_of_complete_data():
    truths = np.repeat([1, 0], [14, 11])
    scores = drawn(5, 4, truths)
    parts = placements(Readings.of(scores, truths))
    areas, covariance = delong_by_loops(scores, truths)
    assert parts.areas == pytest.approx(areas)
    assert delong_covariance(parts) == pytest.approx(covariance)


def test_delong_s_covariances_with_missing_scores():
    truths = np.repeat([1, 0], [14, 11])
    scores = drawn(6, 3, truths)
    scores[0, [2, 20]] = np.nan
    scores[1, :7] = scores[1, 18:] = np.nan
    scores[2, 7:18] = np.nan
    covariance = delong_covariance(placements(Readings.of(scores, truths)))
    for row, variance in zip(scores, np.diag(covariance), strict=True):
        known = ~np.isnan(row)
        assert variance == pytest.approx(delong_by_loops(row[None, known], truths[known])[1].item())
    assert covariance[1, 2] == 0
    assert np.linalg.eigvalsh(covariance).min() > 0


@pytest.mark.parametrize("sizes", [(3, 3), (5, 3), (2, 4)])
def test_raters_nested_in_groups(sizes):
    truths = np.repeat([1, 0], [30, 20])
    scores = drawn(sum(sizes), sum(sizes), truths)
    first, second = scores[: sizes[0]], scores[sizes[0] :]
    areas, covariance = delong_by_loops(scores, truths)
    a, b = areas[: sizes[0]], areas[sizes[0] :]
    within = (sizes[0] - 1) * a.var(ddof=1) + (sizes[1] - 1) * b.var(ddof=1)
    ms = within / (sum(sizes) - 2)
    inside = covariance[: sizes[0], : sizes[0]], covariance[sizes[0] :, sizes[0] :]
    cov2, cov3 = np.mean([off_diagonal(one) for one in inside]), covariance[: sizes[0], sizes[0] :].mean()
    raters = ms * (1 / sizes[0] + 1 / sizes[1])
    variance = raters + 2 * max(cov2 - cov3, 0)
    found = obuchowski_rockette_difference(*(Readings.of(half, truths) for half in (first, second)))
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert (found.ms_raters, found.cov2, found.cov3) == pytest.approx((ms, cov2, cov3))
    assert found.variance == pytest.approx(variance)
    assert found.df == pytest.approx(variance**2 / (raters**2 / (sum(sizes) - 2)))
    t = found.value / np.sqrt(variance)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), found.df))
    if sizes[0] == sizes[1]:
        # Hillis (2014): F = MS(T) / (MS[R(T)] + r max(Cov2 - Cov3, 0)) with t = 2 tests of r readers.
        r = sizes[0]
        f = r * found.value**2 / 2 / (ms + r * max(cov2 - cov3, 0))
        assert t**2 == pytest.approx(f)


def test_a_negative_covariance_counts_as_none():
    truths = np.repeat([1, 0], [6, 6])
    scores = np.vstack([np.r_[1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6], np.r_[6, 5, 4, 3, 2, 1, 3, 5, 4, 3, 2, 1]])
    found = obuchowski_rockette(Readings.of(scores, truths))
    assert found.cov2 < 0
    assert found.variance == pytest.approx(found.ms_raters / 2)
    assert found.df == pytest.approx(1)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.empty((0, 4)), "no rater"),
        ([[2, 1, 0, 1]], "only one rater"),
        ([[2, 1, 0, 1], [2, 1, 0, 1]], "areas are all the same"),
        ([[2, 2, 0, 0], [3, 3, 1, 1]], "variance estimate is 0"),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(scores, reason):
    found = obuchowski_rockette(Readings.of(scores, [1, 1, 0, 0]))
    assert reason in found.degenerate
    assert found.interval() == (None, None)
    assert found.p_value is None


def test_an_interval_stays_between_0_and_1():
    found = obuchowski_rockette(Readings.of([[3, 3, 2, 0, 0, 1], [3, 0, 1, 1, 0, 0]], [1, 1, 1, 0, 0, 0]))
    assert found.interval()[1] == 1
    low, high = found.interval(method="logit")
    assert 0 < low < found.value < high < 1
    odds = [np.log(p / (1 - p)) for p in (low, found.value, high)]
    half = stats.t.ppf(0.975, found.df) * found.se / (found.value * (1 - found.value))
    assert np.diff(odds) == pytest.approx([half, half])
    with pytest.raises(ValueError, match="no interval of a mean"):
        found.interval(method="delong")
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.interval(1)
