"""The methods paragraph of a report: what was done with these ratings, ready to paste, with references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backend.analysis.agreement.repeats import GroupRepeats
from backend.analysis.report.references import REFERENCES
from backend.analysis.report.results import Results
from backend.analysis.report.rounding import Style, count
from backend.analysis.report.view import style_of

_CITED = re.compile(r"\[([a-z0-9, ]+)\]")


@dataclass(frozen=True)
class Methods:
    """A text with numbered citations, and what they cite.

    Attributes
    ----------
    paragraphs : tuple of str
        The text.
    references : tuple of str
        In the order of their first citation: the first is [1].
    """

    paragraphs: tuple[str, ...]
    references: tuple[str, ...]


def methods(results: Results) -> Methods:
    """What was analysed and how, with the study's own numbers; only what the study has is told."""
    style = style_of(results)
    parts = (
        _study(results),
        _rates(results, style),
        _agreement(results, style),
        _models(results),
        _rest(results),
    )
    paragraphs = [" ".join(sentences) for part in parts if (sentences := list(part))]
    cited: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        keys = match[1].split(", ")
        return "[" + ", ".join(str(cited.setdefault(key, len(cited) + 1)) for key in keys) + "]"

    numbered = tuple(_CITED.sub(number, text) for text in paragraphs)
    return Methods(numbered, tuple(REFERENCES[key] for key in cited))


def _study(results: Results) -> Iterator[str]:
    of, level = results.ratings, f"{results.configuration.level * 100:g} %"
    sizes = ", ".join(f"{group.group}: {group.raters}" for group in results.groups[:-1])
    yield (
        f"{count(of.raters, 'rater').capitalize()} ({sizes}) judged {count(of.images, 'image')} as real or "
        f"fake in a visual Turing test [baur2018]: {of.real} real and {of.fake} generated images."
    )
    if of.missing:
        told = {
            "missing": "were left out",
            "blank_as_error": "were counted as errors",
            "paper": "were counted as errors, and entered Fleiss' formula with the number of raters held "
            "fixed",
        }[results.configuration.convention]
        yield f"Of {of.rows:,} answers {of.missing} were missing; they {told}."
    yield f"The positive class is real. Confidence intervals (CI) are at {level}."
    yield f"The analysis was made with DermVTT {results.tool_version}."


def _rates(results: Results, style: Style) -> Iterator[str]:
    yield (
        "For each rater, accuracy, the share of reals called real (TPR) and of fakes called fake (TNR) are "
        "given with Wilson's intervals [wilson1927] (Clopper and Pearson's [clopper1934] in the tables), d' "
        "and the criterion c with the log-linear correction [hautus1995], the exact binomial test of "
        "accuracy against 1/2 and Fisher's exact test of answer against truth, both adjusted over raters by "
        "Holm's method [holm1979]."
    )
    every = next(
        (one for one in results.random_effects if (one.group, one.measure) == ("all", "accuracy")), None
    )
    if every is not None and every.ci_low is not None:
        yield (
            f"Mean accuracy over raters was {style.number(every.estimate)} (CI "
            f"{style.interval(every.ci_low, every.ci_high)}), with raters and images as crossed random "
            "effects and Satterthwaite's degrees of freedom [satterthwaite1946], reals and fakes as strata."
        )
    if results.comparisons:
        yield (
            "Groups were compared by permutation of raters between groups"
            + (
                ", all relabellings being tried."
                if all(one.exact for one in results.comparisons)
                else " [phipson2010]."
            )
        )
    if results.equivalence:
        margin = results.configuration.margin
        yield f"Equivalence was tested by two one-sided tests [schuirmann1987] with a margin of {margin:g}."
    yield (
        "No test was made of all answers pooled: answers of one rater, and answers to one image, are not "
        "independent."
    )


def _agreement(results: Results, style: Style) -> Iterator[str]:
    yield (
        "Agreement between raters is given as Fleiss' kappa [fleiss1971] with missing ratings as defined by "
        "Gwet [gwet2014] and the profile likelihood interval of an extended beta-binomial distribution "
        "[prentice1986], beside percent agreement, Gwet's AC1 [gwet2008], Krippendorff's alpha "
        "[krippendorff2004], Conger's kappa [conger1980] and the mean of pairwise kappas [light1971]."
    )
    digits = 4 if style.truncated else 3
    shown = [
        f"{style.number(one.value, digits)} on {one.subset if one.subset != 'all' else 'all images'}"
        + (f" (CI {style.interval(one.ci_low, one.ci_high, digits)})" if one.ci_low is not None else "")
        for one in results.agreement
        if one.statistic == "fleiss_kappa" and one.group == "all" and one.value is not None
    ]
    if shown:
        yield f"Over all raters kappa was {', '.join(shown)}."
    if results.group_repeats:
        yield from _repeats(results.group_repeats[-1], style, digits)


def _repeats(every: GroupRepeats, style: Style, digits: int) -> Iterator[str]:
    yield (
        "Raters were shown images a second time, at least half of the images later; all other results are of "
        f"the first showing. Of {count(every.n, 'pair')} of answers {every.same} were the same."
    )
    if every.kappa is not None:
        limits = style.interval(every.kappa_ci_low, every.kappa_ci_high, digits)
        yield (
            f"Cohen's kappa [cohen1960] of raters with themselves was {style.number(every.kappa, digits)}"
            + (f" (CI {limits}, by a jackknife over raters)." if every.kappa_ci_low is not None else ".")
        )


def _models(results: Results) -> Iterator[str]:
    if any(one.degenerate is None for one in results.mixed_models):
        yield (
            "Logistic mixed models with crossed random intercepts of raters and images were fitted by "
            "maximum likelihood with Laplace's approximation, and checked by generalised estimating "
            "equations with the covariance of Mancl and DeRouen [mancl2001]."
        )
    if any(one.graded for one in results.raters):
        yield (
            "Where raters said how sure they were, areas under ROC curves have DeLong's standard errors "
            "[delong1988]; their mean is given for other raters and images with Gallas' unbiased variance "
            "[gallas2006] and by the method of Obuchowski and Rockette [obuchowski1995] with Hillis' "
            "degrees of freedom [hillis2007]."
        )


def _rest(results: Results) -> Iterator[str]:
    if any(one.changed for one in results.rater_revisions):
        yield "First and final answers were compared by McNemar's exact test [mcnemar1947] for each rater."
    if any(one.response_n for one in results.raters):
        yield "Response times of right and wrong answers were compared by Mann and Whitney's test [mann1947]."
    if any(one.slope is not None for one in results.trends):
        yield (
            "Change along the presentation order is the slope of a logistic regression on position (of "
            "response times, on the logarithm), with standard errors that hold for other raters and images."
        )
    if results.generator_pairs:
        yield "Generators were compared by how often their images were taken for real by the same raters."
