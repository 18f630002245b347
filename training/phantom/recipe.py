"""What a phantom shows: every choice that can be named, drawn from the seed before a pixel is."""

from dataclasses import dataclass, replace

import numpy as np

PATTERNS = {
    "network": 0.26,
    "globular": 0.15,
    "structureless": 0.13,
    "streaks": 0.09,
    "multicomponent": 0.15,
    "keratosis": 0.09,
    "lacunar": 0.04,
    "vascular": 0.05,
    "parallel": 0.04,
}
"""The pattern classes (pattern analysis: Pehamberger, Steiner & Wolff 1987) and how often each is drawn."""

TONES = (
    ((160, 128, 115), 0.11),
    ((191, 168, 160), 0.12),
    ((187, 149, 131), 0.10),
    ((204, 190, 186), 0.09),
    ((224, 166, 147), 0.08),
    ((234, 204, 192), 0.08),
    ((215, 130, 108), 0.06),
    ((239, 229, 217), 0.04),
    ((218, 138, 140), 0.09),
    ((206, 176, 186), 0.08),
    ((232, 196, 158), 0.04),
    ((146, 94, 74), 0.06),
    ((108, 72, 54), 0.05),
)
"""Skin as dermoscopes show it (RGB) and how often: light and white balance count as much as the skin."""


@dataclass(frozen=True)
class Skin:
    """Skin outside the lesion: ``tone`` is its RGB in 0..1, the rest are strengths around 1 and radians."""

    tone: tuple[float, float, float]
    mottling: float
    redness: float
    furrows: float
    furrow_angle: float
    freckles: int


@dataclass(frozen=True)
class Lesion:
    """A lesion: lengths are shares of the picture's side, ``depth`` is melanin's density in blue."""

    pattern: str
    x: float
    y: float
    radius: float
    aspect: float
    angle: float
    lobes: int
    irregularity: float
    softness: float
    depth: float
    absorption: tuple[float, float]
    dark: float
    blue: float
    red: float
    veil: float
    pitch: float
    contrast: float


@dataclass(frozen=True)
class Extras:
    """What lies between skin and camera: ``field`` is the radius of the lit circle, 0 without a black rim."""

    hairs: int
    hair_tone: tuple[float, float, float]
    hair_width: float
    bubbles: int
    glints: int
    ruler: bool
    ink: int
    vignette: float
    field: float
    blur: float
    grain: float


@dataclass(frozen=True)
class Phantom:
    """The description of one computer-drawn dermoscopic image."""

    seed: int
    index: int
    skin: Skin
    lesion: Lesion
    extras: Extras


def stream(seed: int, index: int, part: int) -> np.random.Generator:
    """Return the random numbers of one part of one image: no part and no image disturbs another's."""
    return np.random.default_rng((seed, index, part))


def describe(seed: int, index: int) -> Phantom:
    """Return what image ``index`` of the set ``seed`` shows; both are whole numbers from 0 up."""
    rng = stream(seed, index, 0)
    skin, lesion, extras = _skin(rng), _lesion(rng), _extras(rng)
    if lesion.pattern == "parallel":
        # Palms and soles, where this pattern lies, grow no hair.
        extras = replace(extras, hairs=0)
    return Phantom(seed, index, skin, lesion, extras)


def _chance(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _some(rng: np.random.Generator, share: float, low: float, high: float) -> float:
    """Draw between ``low`` and ``high`` in this share of images, 0 in the others."""
    value = _between(rng, low, high)
    return value if _chance(rng, share) else 0.0


def _skin(rng: np.random.Generator) -> Skin:
    weights = np.array([weight for _, weight in TONES])
    tone = np.array(TONES[rng.choice(len(TONES), p=weights / weights.sum())][0]) / 255.0
    density = -np.log(tone) + rng.normal(0, 0.05) + rng.normal(0, 0.05) * np.array([0.35, 0.65, 1.0])
    density += rng.normal(0, 0.04) * np.array([0.0, 1.0, 0.8])
    red, green, blue = np.exp(-np.maximum(density, 0.06)).tolist()
    return Skin(
        tone=(red, green, blue),
        mottling=float(rng.lognormal(-0.1, 0.5)),
        redness=float(min(rng.lognormal(-0.2, 0.5), 2.0)),
        furrows=float(min(rng.lognormal(-0.4, 0.8), 2.5)),
        furrow_angle=_between(rng, 0, np.pi),
        freckles=int(rng.integers(3, 26)) if _chance(rng, 0.22) else 0,
    )


def _lesion(rng: np.random.Generator) -> Lesion:
    pattern = str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    complexity = {"multicomponent": 1.0, "streaks": 0.6, "network": 0.5}.get(pattern, 0.3)
    smooth = pattern in {"keratosis", "lacunar", "vascular"}
    radius = float(np.clip(rng.lognormal(-1.5, 0.42), 0.08, 0.26 if pattern == "lacunar" else 0.5))
    room = 0.5 - min(radius, 0.38)
    spread = np.clip(rng.normal(0, 0.35, 2), -0.8, 0.8) * room
    brown = _between(rng, 0.26, 0.54)
    pale = {"vascular": 0.25, "lacunar": 0.2, "keratosis": 0.9}.get(pattern, 1.0)
    return Lesion(
        pattern=pattern,
        x=float(0.5 + spread[0]),
        y=float(0.5 + spread[1]),
        radius=radius,
        aspect=_between(rng, 1.0, 1.75),
        angle=_between(rng, 0, np.pi),
        lobes=int(rng.choice([1, 2, 3, 4], p=[0.5, 0.25, 0.15, 0.1])),
        irregularity=_between(rng, 0.35, 0.8) * (0.5 if smooth else 0.8 + 0.8 * complexity),
        softness=_between(rng, 0.14, 0.45) if smooth else float(np.clip(rng.lognormal(-0.6, 0.5), 0.2, 1.3)),
        depth=float(np.clip(rng.lognormal(0.05, 0.5), 0.35, 2.6)) * pale,
        absorption=(brown, brown + _between(rng, 0.24, 0.40)),
        dark=_some(rng, 0.35 + 0.55 * complexity, 0.4, 1.6),
        blue=_some(rng, 0.12 + 0.45 * complexity, 0.2, 0.75) if not smooth else _some(rng, 0.1, 0.2, 0.5),
        red=_some(rng, 0.25 + 0.2 * complexity, 0.1, 0.4),
        veil=_some(rng, 0.08 + 0.3 * complexity, 0.15, 0.55),
        pitch=_between(rng, 0.017, 0.033),
        contrast=_between(rng, 0.35, 1.0),
    )


def _extras(rng: np.random.Generator) -> Extras:
    hairy = rng.random()
    hairs = 0 if hairy < 0.58 else int(rng.integers(1, 8)) if hairy < 0.85 else int(rng.integers(10, 42))
    blond = _chance(rng, 0.25)
    tone = np.array((0.62, 0.47, 0.30) if blond else (0.12, 0.07, 0.05)) * _between(rng, 0.8, 1.3)
    return Extras(
        hairs=hairs,
        hair_tone=(float(tone[0]), float(tone[1]), float(tone[2])),
        hair_width=_between(rng, 0.002, 0.0044),
        bubbles=int(rng.integers(1, 9)) if _chance(rng, 0.16) else 0,
        glints=int(rng.integers(4, 30)) if _chance(rng, 0.2) else 0,
        ruler=_chance(rng, 0.14),
        ink=int(rng.integers(1, 5)) if _chance(rng, 0.04) else 0,
        vignette=_between(rng, 0.02, 0.3) if _chance(rng, 0.6) else _between(rng, 0, 0.05),
        field=_some(rng, 0.10, 0.51, 0.7),
        blur=_between(rng, 0.0012, 0.0038),
        grain=_between(rng, 0.002, 0.007),
    )
