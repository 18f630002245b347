"""From the ratings table to everything that the analysis of one study gives. Every surface starts here."""

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import get_args

import numpy as np

from backend.analysis.agreement.details import (
    CategoryKappaResult,
    LeaveOneOutResult,
    category_kappa_results,
    leave_one_out_results,
)
from backend.analysis.agreement.repeats import GroupRepeats, RaterRepeats, group_repeats, rater_repeats
from backend.analysis.agreement.results import AgreementResult, agreement_results
from backend.analysis.course.answers import course_of
from backend.analysis.course.flows import RevisionFlow, revision_flows
from backend.analysis.course.order import BlockResult, TrendResult, order_results
from backend.analysis.course.revisions import (
    GroupRevisions,
    RaterRevisions,
    group_revisions,
    rater_revisions,
)
from backend.analysis.groups.comparisons import ComparisonResult, comparison_results
from backend.analysis.groups.equivalence_rows import EquivalenceResult, equivalence_results
from backend.analysis.groups.gee import GeeTermResult, gee_results
from backend.analysis.groups.mixed_results import MixedModelResult, MixedTermResult, mixed_results
from backend.analysis.groups.mrmc_rows import MrmcResult, mrmc_results
from backend.analysis.groups.random_effects import RandomEffectsResult, random_effects_results
from backend.analysis.groups.spread import GroupResult, group_results
from backend.analysis.images.diagnoses import DiagnosisResult, diagnosis_results
from backend.analysis.images.difficulty import ImageResult, image_results
from backend.analysis.images.pairs import GeneratorPair, generator_pairs
from backend.analysis.images.sources import GeneratorResult, generator_results
from backend.analysis.intervals import LEVEL
from backend.analysis.raters.confusion import RaterResult, rater_results
from backend.analysis.raters.curves import CurvePoint, curve_points
from backend.analysis.raters.grades import graded_scores
from backend.analysis.ratings import RatingsTable
from backend.analysis.report.cautions import cautions, usable
from backend.analysis.report.conventions import Convention


@dataclass(frozen=True)
class Configuration:
    """What was asked for.

    Attributes
    ----------
    convention : str
        How a missing answer counts. ``missing``: it is left out. ``blank_as_error``: it is a wrong answer in
        the raters' and groups' rates; agreement leaves it out. ``paper``: likewise, and Fleiss' kappa takes
        every image as answered by all raters, as Baur et al. (2018) did; tables show truncated digits.
    level : float
        Confidence level of every interval.
    margin : float or None
        Margin of the equivalence tests; without one there are none.
    seed : int
        Of whatever is drawn at random: relabellings, where there are too many to try them all.
    """

    convention: Convention = "missing"
    level: float = LEVEL
    margin: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class RatingsSummary:
    """What was analysed.

    Attributes
    ----------
    rows : int
        Pairs of rater and image.
    raters, images, real, fake : int
        How many there are.
    missing : int
        Rows without an answer.
    sha256 : str
        Fingerprint of the required columns: the same for the same ratings in any order of rows and columns.
    """

    rows: int
    raters: int
    images: int
    real: int
    fake: int
    missing: int
    sha256: str


@dataclass(frozen=True)
class Results:
    """Everything that the analysis of one study gives, at full precision.

    Attributes
    ----------
    tool_version : str
        The version of DermVTT that computed this.
    configuration : Configuration
        What was asked for.
    ratings : RatingsSummary
        What was analysed.
    warnings : tuple of str
        What a reader must know before she believes a number.
    raters : tuple of RaterResult
        Each rater against the truth.
    groups : tuple of GroupResult
        How the raters' rates spread in each group, and over all raters.
    random_effects : tuple of RandomEffectsResult
        Mean rates and their differences with raters and images both random.
    comparisons : tuple of ComparisonResult
        Permutation tests between groups.
    equivalence : tuple of EquivalenceResult
        Tests against the margin; empty without one.
    mrmc : tuple of MrmcResult
        Mean areas under the raters' ROC curves, by graded answers.
    mixed_models : tuple of MixedModelResult
        Logistic models with crossed random intercepts of raters and images.
    mixed_terms : tuple of MixedTermResult
        Their coefficients.
    gee : tuple of GeeTermResult
        The same models by generalised estimating equations, as a check.
    agreement : tuple of AgreementResult
        How far raters agree with each other.
    category_kappas : tuple of CategoryKappaResult
        Agreement on each answer.
    leave_one_out : tuple of LeaveOneOutResult
        Fleiss' kappa without each rater.
    rater_repeats : tuple of RaterRepeats
        How far each rater agrees with herself, on images that she was shown twice.
    group_repeats : tuple of GroupRepeats
        The same for the raters of each group together.
    images : tuple of ImageResult
        How each image was taken.
    generators : tuple of GeneratorResult
        How often each generator's images were taken for real.
    generator_pairs : tuple of GeneratorPair
        Generators compared with each other.
    diagnoses : tuple of DiagnosisResult
        Reals called real by diagnosis.
    roc : tuple of CurvePoint
        The points of the raters' ROC curves.
    rater_revisions : tuple of RaterRevisions
        Each rater's first against her final answers.
    group_revisions : tuple of GroupRevisions
        The same for each group.
    revision_flows : tuple of RevisionFlow
        How many answers went from what to what.
    trends : tuple of TrendResult
        Change along the presentation order.
    blocks : tuple of BlockResult
        The same, block by block.
    """

    tool_version: str
    configuration: Configuration
    ratings: RatingsSummary
    warnings: tuple[str, ...]
    raters: tuple[RaterResult, ...]
    groups: tuple[GroupResult, ...]
    random_effects: tuple[RandomEffectsResult, ...]
    comparisons: tuple[ComparisonResult, ...]
    equivalence: tuple[EquivalenceResult, ...]
    mrmc: tuple[MrmcResult, ...]
    mixed_models: tuple[MixedModelResult, ...]
    mixed_terms: tuple[MixedTermResult, ...]
    gee: tuple[GeeTermResult, ...]
    agreement: tuple[AgreementResult, ...]
    category_kappas: tuple[CategoryKappaResult, ...]
    leave_one_out: tuple[LeaveOneOutResult, ...]
    rater_repeats: tuple[RaterRepeats, ...]
    group_repeats: tuple[GroupRepeats, ...]
    images: tuple[ImageResult, ...]
    generators: tuple[GeneratorResult, ...]
    generator_pairs: tuple[GeneratorPair, ...]
    diagnoses: tuple[DiagnosisResult, ...]
    roc: tuple[CurvePoint, ...]
    rater_revisions: tuple[RaterRevisions, ...]
    group_revisions: tuple[GroupRevisions, ...]
    revision_flows: tuple[RevisionFlow, ...]
    trends: tuple[TrendResult, ...]
    blocks: tuple[BlockResult, ...]


def analyze(
    table: RatingsTable,
    *,
    convention: Convention = "missing",
    level: float = LEVEL,
    margin: float | None = None,
    seed: int = 0,
) -> Results:
    """Analyse a study's ratings.

    Parameters
    ----------
    table : RatingsTable
        The ratings. An optional column that cannot be read is left out, with a warning.
    convention : {"missing", "blank_as_error", "paper"}
        How a missing answer counts, see ``Configuration``.
    level : float
        Confidence level of the intervals, between 0 and 1.
    margin : float, optional
        Margin of the equivalence tests; without one there are none.
    seed : int
        Of what is drawn at random.

    Raises
    ------
    ValueError
        For a level outside (0, 1), a margin outside (0, 1/2), or another convention.

    Examples
    --------
    >>> import io
    >>> from backend.analysis.ratings import read_ratings
    >>> text = "rater,group,image,truth,answer\\nA,ED,1,real,real\\nA,ED,2,fake,real\\n"
    >>> analyze(read_ratings(io.StringIO(text))).raters[0].accuracy
    0.5
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    if convention not in get_args(Convention):
        raise ValueError(f"convention must be one of {', '.join(get_args(Convention))}, not {convention!r}")
    table, unread = usable(table)
    blanks = {"blank_as_error": convention != "missing"}
    raters = rater_results(table, level=level, **blanks)
    found = Results(
        tool_version=version("dermvtt"),
        configuration=Configuration(convention, level, margin, seed),
        ratings=_summary(table),
        warnings=(),
        raters=raters,
        groups=group_results(raters),
        random_effects=random_effects_results(table, level=level, **blanks),
        comparisons=comparison_results(raters, level=level, seed=seed),
        equivalence=equivalence_results(table, raters, margin, level=level, **blanks) or (),
        roc=curve_points(table),
        **_models(table, level),
        **_agreement(table, level, "paper" if convention == "paper" else "missing"),
        **_images(table, level, seed),
        **_course(table, level, seed),
    )
    return replace(found, warnings=(*unread, *cautions(found)))


def _models(table: RatingsTable, level: float) -> dict[str, tuple]:
    mixed = mixed_results(table, level=level)
    scores = np.full(table.answers.shape, np.nan)
    scores[table.rater, table.image] = graded_scores(table)
    return {
        "mrmc": mrmc_results(table, scores, level=level),
        "mixed_models": mixed.models,
        "mixed_terms": mixed.terms,
        "gee": gee_results(table, level=level),
    }


def _agreement(table: RatingsTable, level: float, convention: str) -> dict[str, tuple]:
    return {
        "agreement": agreement_results(table, level=level, convention=convention),
        "category_kappas": category_kappa_results(table, level=level),
        "leave_one_out": leave_one_out_results(table),
        "rater_repeats": rater_repeats(table, level=level),
        "group_repeats": group_repeats(table, level=level),
    }


def _images(table: RatingsTable, level: float, seed: int) -> dict[str, tuple]:
    return {
        "images": image_results(table, level=level),
        "generators": generator_results(table, level=level),
        "generator_pairs": generator_pairs(table, level=level, seed=seed),
        "diagnoses": diagnosis_results(table, level=level),
    }


def _course(table: RatingsTable, level: float, seed: int) -> dict[str, tuple]:
    course = course_of(table)
    order = order_results(table, course, level=level)
    return {
        "rater_revisions": rater_revisions(table, course, level=level),
        "group_revisions": group_revisions(table, course, level=level, seed=seed),
        "revision_flows": revision_flows(table, course),
        "trends": order.trends,
        "blocks": order.blocks,
    }


def _summary(table: RatingsTable) -> RatingsSummary:
    real = int(table.truths.sum())
    return RatingsSummary(
        rows=len(table),
        raters=len(table.raters),
        images=len(table.images),
        real=real,
        fake=len(table.images) - real,
        missing=int(np.count_nonzero(table.answer < 0)),
        sha256=table.sha256(),
    )
