"""The channels through which truth could leak: what each means, and what to do where it tells."""

from dataclasses import dataclass, replace

NAMES = "names"
REMAKE = "Make the mix with dermvtt-train mix, which writes all images through one encoder."
QUALITY = (
    "This may be a trace of how the images were made, or simply the generator's quality, which is what a "
    "study measures."
)
HARMONISE = (
    f"{QUALITY} dermvtt-train mix --harmonise removes most of what comes of compression and resampling."
)
HARMONISED = f"{QUALITY} All images of this mix have passed through --harmonise already."


@dataclass(frozen=True)
class Channel:
    """A way from an image to its truth; ``pixels`` says that it leads through the picture."""

    name: str
    pixels: bool
    meaning: str
    advice: str


CHANNELS = (
    Channel(
        NAMES,
        False,
        "names of files, their order, places in the manifest, times of files",
        "Give the files random names and one time. dermvtt-train mix does.",
    ),
    Channel("bytes", False, "sizes of files", REMAKE),
    Channel("dimensions", False, "width and height", "Bring all images to one size. dermvtt-train mix does."),
    Channel("container", False, "format, header, chunks, compression, filters, tables", REMAKE),
    Channel("metadata", False, "texts, EXIF, colour profiles, times, density", REMAKE),
    Channel(
        "colour",
        True,
        "means and spreads of red, green and blue, saturation, distinct and clipped colours",
        f"{QUALITY} --harmonise hardly changes means; a longer training may.",
    ),
    Channel(
        "noise", True, "fine noise in brightness and colour, over all and where it is quietest", HARMONISE
    ),
    Channel("spectrum", True, "power by frequency, from coarse to fine", HARMONISE),
    Channel(
        "grid",
        True,
        "peaks at 1/2, 1/4 and 1/8 of the sampling frequency, as upsampling and JPEG blocks leave them",
        HARMONISE,
    ),
    Channel("compression", True, "an earlier JPEG compression: blocks, coefficients, ghosts", HARMONISE),
    Channel(
        "borders",
        True,
        "outermost rows and columns against those further in, corners",
        f"{QUALITY} Padding in the generator's convolutions shows here; so do crops of the photographs.",
    ),
)


def channels(*, harmonised: bool) -> list[Channel]:
    """All channels; nobody is advised to do what was done to the mix already."""
    return [
        replace(one, advice=HARMONISED) if harmonised and one.advice == HARMONISE else one for one in CHANNELS
    ]
