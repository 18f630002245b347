"""The audit's results: judged channel by channel, as JSON and as text."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.audit.channels import NAMES, Channel, channels
from backend.audit.judging import Feature, Judgement, holm, judge, smallest_p
from backend.audit.reading import Mix

Verdict = Literal["constant", "differs", "tells"]
Outcome = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class Configuration:
    """How an audit judges: its seed, the number of permutations, and below which p a channel tells."""

    seed: int = 0
    permutations: int = 9_999
    alpha: float = 0.05


@dataclass(frozen=True)
class FeatureResult:
    """One feature: its AUC and what is typical of reals and fakes (median, or commonest category)."""

    feature: str
    auc: float
    real: float | str | None
    fake: float | str | None


@dataclass(frozen=True)
class ChannelResult:
    """One channel; ``strongest`` names the feature, ``auc`` is its. ``p_adjusted`` is Holm's."""

    channel: str
    reads: Literal["file", "pixels"]
    verdict: Verdict
    strongest: str | None
    auc: float
    p: float
    p_adjusted: float
    meaning: str
    advice: str | None
    features: list[FeatureResult]


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    ``outcome`` is ``fail`` where files tell, ``warn`` where pixels tell or files differ.
    """

    tool_version: str
    mix: str
    manifest_sha256: str
    real: int
    fake: int
    configuration: Configuration
    outcome: Outcome
    notes: list[str]
    channels: list[ChannelResult]


def audit(mix: Mix, features: dict[str, list[Feature]], configuration: Configuration) -> Audit:
    """Judge measured features: all channels by one Holm correction over those that are not constant."""
    fake = np.array([image.truth == "fake" for image in mix.images])
    judged = {
        name: judge(measured, fake, configuration.permutations, configuration.seed)
        for name, measured in features.items()
    }
    # Whether a channel is constant does not depend on truth: leaving it out of the correction is fair.
    varying = [name for name, found in judged.items() if found.strongest is not None]
    adjusted = dict(zip(varying, holm([judged[name].p for name in varying]), strict=True))
    results = []
    for channel in channels(harmonised=mix.harmonised):
        p = adjusted.get(channel.name)
        verdict: Verdict = "constant" if p is None else "tells" if p < configuration.alpha else "differs"
        results.append(_result(channel, features[channel.name], judged[channel.name], verdict, p, fake))
    return Audit(
        tool_version=version("dermvtt"),
        mix=mix.where,
        manifest_sha256=mix.manifest_sha256,
        real=int((~fake).sum()),
        fake=int(fake.sum()),
        configuration=configuration,
        outcome=_outcome(results),
        notes=[*_small(int(fake.sum()), len(fake), len(varying), configuration), *_refused(mix, results)],
        channels=results,
    )


def to_json(found: Audit) -> str:
    """The audit as a JSON document, at full precision."""
    return json.dumps(asdict(found), indent=2, allow_nan=False) + "\n"


def _result(
    channel: Channel,
    measured: Sequence[Feature],
    found: Judgement,
    verdict: Verdict,
    p_adjusted: float | None,
    fake: NDArray[np.bool_],
) -> ChannelResult:
    strongest = found.strongest
    return ChannelResult(
        channel=channel.name,
        reads="pixels" if channel.pixels else "file",
        verdict=verdict,
        strongest=None if strongest is None else measured[strongest].name,
        auc=0.5 if strongest is None else found.auc[strongest],
        p=found.p,
        p_adjusted=1.0 if p_adjusted is None else p_adjusted,
        meaning=channel.meaning,
        advice=channel.advice if verdict == "tells" else None,
        features=[_summary(one, auc, fake) for one, auc in zip(measured, found.auc, strict=True)],
    )


def _outcome(results: Sequence[ChannelResult]) -> Outcome:
    tells = {one.reads for one in results if one.verdict == "tells"}
    if "file" in tells:
        return "fail"
    return "warn" if tells or _differing(results) else "pass"


def _differing(results: Sequence[ChannelResult]) -> list[str]:
    """Channels in which files differ by chance. Names always do: they are names."""
    return [
        one.channel
        for one in results
        if one.reads == "file" and one.verdict == "differs" and one.channel != NAMES
    ]


def _small(fakes: int, images: int, channels: int, configuration: Configuration) -> list[str]:
    least = smallest_p(images - fakes, fakes, configuration.permutations)
    if least * channels < configuration.alpha:
        return []
    return [
        f"This audit can hardly find a leak: with so few images or permutations p is {least:.2g} at least, "
        f"and {channels} channels are tested at {configuration.alpha:g}. Use more."
    ]


def _refused(mix: Mix, results: Sequence[ChannelResult]) -> list[str]:
    notes = []
    differing = _differing(results)
    if differing:
        notes.append(
            f"Files differ in {', '.join(differing)}, though truth was not seen to follow from it. dermvtt "
            "import-mix takes no mix whose files differ in anything but their pixels."
        )
    if mix.altered:
        notes.append(
            f"{len(mix.altered)} of the files are not those whose sha256 the manifest has, {mix.altered[0]} "
            "first. dermvtt import-mix takes no altered mix."
        )
    return notes


def _summary(feature: Feature, auc: float, fake: NDArray[np.bool_]) -> FeatureResult:
    reals, fakes = (
        [value for value, is_fake in zip(feature.values, fake, strict=True) if is_fake == wanted]
        for wanted in (False, True)
    )
    return FeatureResult(feature.name, auc, _typical(reals), _typical(fakes))


def _typical(values: Sequence[float] | Sequence[str]) -> float | str | None:
    if isinstance(values[0], str):
        return Counter(values).most_common(1)[0][0]
    measured = [value for value in values if np.isfinite(value)]
    return float(np.median(measured)) if measured else None
