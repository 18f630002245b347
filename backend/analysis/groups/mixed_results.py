"""The mixed models of a study as rows of the report: one a model, and one a coefficient."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import expit

from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_compare import drop_terms, drop_variance
from backend.analysis.groups.mixed_fit import MixedFit
from backend.analysis.groups.mixed_models import LARGEST, StudyModel, study_models
from backend.analysis.groups.mixed_probability import marginal_probability, typical_probability
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.table import RatingsTable


@dataclass(frozen=True)
class MixedTermResult:
    """One coefficient of a mixed logistic model, in log-odds.

    Attributes
    ----------
    model, group : str
        Which model of which raters, see `MixedModelResult`.
    term : str
        ``intercept`` (log-odds of a right answer); ``discrimination`` (log odds ratio of the answer
        *real* for a real against a fake image; 0.6 times it is about d'); ``bias`` (log-odds of the
        answer *real*, midway between real and fake images; above 0 towards *real*); or ``B - A``, the
        log odds ratio of a right answer in group B against group A, the first.
    estimate, se : float or None
        The coefficient and its standard error.
    df : int or None
        Degrees of freedom, between-within: raters less the terms that are constant within raters.
    t : float or None
        Estimate / se.
    p_value : float or None
        Two-sided p of the likelihood ratio against a coefficient of 0, calibrated by F with ``df``.
    ci_low, ci_high : float or None
        Profile likelihood interval calibrated likewise; ``None`` beside a number is a limit beyond 15.
    degenerate : str or None
        Why there is no estimate; ``None`` where there is.
    """

    model: str
    group: str
    term: str
    estimate: float | None = None
    se: float | None = None
    df: int | None = None
    t: float | None = None
    p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    degenerate: str | None = None


@dataclass(frozen=True)
class MixedModelResult:
    """One mixed logistic model with crossed random intercepts for raters and images.

    Attributes
    ----------
    model : str
        ``accuracy``, ``discrimination``, ``bias`` or ``group_difference``.
    group : str
        A group, or ``all`` raters.
    formula : str
        The fixed part; to which each model adds (1 | rater) + (1 | image).
    n, raters, images : int
        Answers, and raters and images with an answer.
    rater_sd : float or None
        Standard deviation of the raters' random intercepts, in log-odds of the response.
    rater_sd_ci_low, rater_sd_ci_high : float or None
        Its profile likelihood interval; a high limit of ``None`` beside a low one: unbounded.
    rater_variance_zero : bool or None
        Whether the likelihood is greatest where raters do not vary.
    rater_variance_p_value : float or None
        Likelihood ratio test against raters who do not vary (50:50 mixture).
    image_sd : float or None
        Standard deviation of the images' random intercepts, in log-odds of the response.
    image_sd_ci_low, image_sd_ci_high : float or None
        Its profile likelihood interval; a high limit of ``None`` beside a low one: unbounded.
    image_variance_zero : bool or None
        Whether the likelihood is greatest where images do not vary.
    image_variance_p_value : float or None
        Likelihood ratio test against images that do not vary (50:50 mixture).
    typical_accuracy, typical_accuracy_ci_low, typical_accuracy_ci_high : float or None
        Of ``accuracy`` alone: the chance of a right answer of the average rater at the average image, with
        the interval of the intercept.
    marginal_accuracy, marginal_accuracy_ci_low, marginal_accuracy_ci_high : float or None
        The same averaged over raters and images, comparable with a mean accuracy, with Student's t interval
        by the delta method on log-odds.
    groups_lr_statistic : float or None
        Of ``group_difference`` alone: likelihood ratio against groups that are all alike.
    groups_lr_df : int or None
        Its degrees of freedom.
    groups_lr_p_value : float or None
        Its p by the chi-squared distribution, too small with few raters.
    groups_f_p_value : float or None
        The p of the same statistic calibrated by F with raters less groups degrees of freedom.
    loglik, deviance, aic : float or None
        Laplace's log-likelihood, minus twice that, and Akaike's criterion.
    converged : bool or None
        Whether the optimiser found a maximum.
    singular : str or None
        What a zero variance means; ``None`` where there is none.
    degenerate : str or None
        Why there is no fit; ``None`` where there is.
    """

    model: str
    group: str
    formula: str
    n: int
    raters: int
    images: int
    rater_sd: float | None = None
    rater_sd_ci_low: float | None = None
    rater_sd_ci_high: float | None = None
    rater_variance_zero: bool | None = None
    rater_variance_p_value: float | None = None
    image_sd: float | None = None
    image_sd_ci_low: float | None = None
    image_sd_ci_high: float | None = None
    image_variance_zero: bool | None = None
    image_variance_p_value: float | None = None
    typical_accuracy: float | None = None
    typical_accuracy_ci_low: float | None = None
    typical_accuracy_ci_high: float | None = None
    marginal_accuracy: float | None = None
    marginal_accuracy_ci_low: float | None = None
    marginal_accuracy_ci_high: float | None = None
    groups_lr_statistic: float | None = None
    groups_lr_df: int | None = None
    groups_lr_p_value: float | None = None
    groups_f_p_value: float | None = None
    loglik: float | None = None
    deviance: float | None = None
    aic: float | None = None
    converged: bool | None = None
    singular: str | None = None
    degenerate: str | None = None


@dataclass(frozen=True)
class MixedResults:
    """The mixed models of a study, and their coefficients."""

    models: tuple[MixedModelResult, ...]
    terms: tuple[MixedTermResult, ...]


def mixed_results(table: RatingsTable, *, level: float = LEVEL, largest: int = LARGEST) -> MixedResults:
    """Fit accuracy, discrimination and bias for each group and ``all``, and the groups' differences.

    Missing answers are left out. Models of more than ``largest`` answers are refused, with that reason, since
    each takes many fits; `fit_mixed` takes a million answers.
    """
    models, terms = [], []
    for study in study_models(table, largest):
        fit = _fit(study)
        found = _terms(study, fit, level)
        models.append(_model(study, fit, level, found))
        terms += found
    return MixedResults(tuple(models), tuple(terms))


def _fit(study: StudyModel) -> MixedFit | str:
    """The fitted model, or why there is none."""
    if study.degenerate:
        return study.degenerate
    names = [str(column) for column in range(study.X.shape[1])]
    fit = fit_mixed(study.y, study.X, study.rater, study.image, names)
    if fit.degenerate is None and not fit.converged:
        return "the fit did not converge"
    return fit.degenerate or fit


def _terms(study: StudyModel, fit: MixedFit | str, level: float) -> list[MixedTermResult]:
    rows = []
    limits, p_values = ((), ()) if isinstance(fit, str) else (fit.interval(level), fit.p_value)
    for term in study.terms:
        named = {"model": study.model, "group": study.group, "term": term.name}
        if isinstance(fit, str):
            rows.append(MixedTermResult(**named, degenerate=fit))
            continue
        low, high = limits[term.column]
        rows.append(
            MixedTermResult(
                **named,
                estimate=term.factor * float(fit.coefficients[term.column]),
                se=term.factor * float(fit.se[term.column]),
                df=int(fit.df[term.column]),
                t=float(fit.t[term.column]),
                p_value=p_values[term.column],
                ci_low=None if low is None else term.factor * low,
                ci_high=None if high is None else term.factor * high,
                degenerate=None if fit.df[term.column] > 0 else "too few images for an interval",
            )
        )
    return rows


def _model(
    study: StudyModel, fit: MixedFit | str, level: float, terms: Sequence[MixedTermResult]
) -> MixedModelResult:
    shared = {
        "model": study.model,
        "group": study.group,
        "formula": study.formula,
        "n": len(study.y),
        "raters": len(set(study.rater.tolist())),
        "images": len(set(study.image.tolist())),
    }
    if isinstance(fit, str):
        return MixedModelResult(**shared, degenerate=fit)
    return MixedModelResult(
        **shared,
        **_variance(fit, "rater", level),
        **_variance(fit, "image", level),
        **(_accuracies(fit, level, terms[0]) if study.model == "accuracy" else {}),
        **(_groups(fit, study) if study.model == "group_difference" else {}),
        loglik=fit.loglik,
        deviance=fit.deviance,
        aic=fit.aic,
        converged=fit.converged,
        singular=fit.singular,
    )


def _variance(fit: MixedFit, factor: str, level: float) -> dict[str, float | bool | None]:
    low, high = fit.sd_interval(factor, level)
    return {
        f"{factor}_sd": getattr(fit, f"{factor}_sd"),
        f"{factor}_sd_ci_low": low,
        f"{factor}_sd_ci_high": high,
        f"{factor}_variance_zero": getattr(fit, f"{factor}_variance_zero"),
        f"{factor}_variance_p_value": drop_variance(fit, factor).p_value,
    }


def _accuracies(fit: MixedFit, level: float, intercept: MixedTermResult) -> dict[str, float | None]:
    typical, marginal = typical_probability(fit, [1.0]), marginal_probability(fit, [1.0])
    ends = (intercept.ci_low, intercept.ci_high)
    limits = [None if end is None else float(expit(end)) for end in ends]
    low, high = marginal.interval(level)
    return {
        "typical_accuracy": typical.value,
        "typical_accuracy_ci_low": limits[0],
        "typical_accuracy_ci_high": limits[1],
        "marginal_accuracy": marginal.value,
        "marginal_accuracy_ci_low": low,
        "marginal_accuracy_ci_high": high,
    }


def _groups(fit: MixedFit, study: StudyModel) -> dict[str, float | int | None]:
    test = drop_terms(fit, [str(term.column) for term in study.terms])
    return {
        "groups_lr_statistic": test.statistic,
        "groups_lr_df": test.df,
        "groups_lr_p_value": test.p_value,
        "groups_f_p_value": test.f_p_value,
    }
