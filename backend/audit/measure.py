"""All features of a mix's images, channel by channel."""

from collections.abc import Callable, Sequence

from backend.audit import files
from backend.audit.channels import CHANNELS
from backend.audit.compression import compression
from backend.audit.judging import Feature
from backend.audit.pixels import borders, colour, noise
from backend.audit.reading import Listed
from backend.audit.spectrum import grid, spectrum
from backend.audit.values import Values

PIXELS = {
    "colour": colour,
    "noise": noise,
    "spectrum": spectrum,
    "grid": grid,
    "compression": compression,
    "borders": borders,
}


def measure(images: Sequence[Listed], advance: Callable[[], None]) -> dict[str, list[Feature]]:
    """Measure every image; ``advance`` is called after each. An unreadable one is a ``UserError``."""
    order = {name: place for place, name in enumerate(sorted(image.name for image in images))}
    measured = []
    for image in images:
        measured.append(_measure_one(image, order[image.name]))
        advance()
    return {channel.name: _features([one[channel.name] for one in measured]) for channel in CHANNELS}


def _measure_one(image: Listed, order: int) -> dict[str, Values]:
    picture = files.decode(image)
    return {
        "names": files.name(image, order),
        "bytes": files.size(image),
        "dimensions": files.dimensions(picture),
        "container": files.container(image, picture),
        "metadata": files.metadata(image, picture),
        **{channel: function(picture.pixels) for channel, function in PIXELS.items()},
    }


def _features(measured: list[Values]) -> list[Feature]:
    """A feature for each name that any image has; where one lacks it, that is a value of its own."""
    kinds = {name: type(value) for values in measured for name, value in values.items()}
    return [
        Feature(name, [values.get(name, "-" if kind is str else float("nan")) for values in measured])
        for name, kind in kinds.items()
    ]
