"""One chain of resampling and JPEG compression for all images of a mix, that none shows only its own history.

Photographs have been compressed, and often resampled, before they come here; generated images have not. The
chain lays the same traces over both. Cutting off an edge and enlarging what is left stretches the block grid
of an earlier compression and moves it off the new one; going through fewer pixels takes away the finest
frequencies; compression then leaves one grid, the same in every image.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL import __version__ as pillow_version

from training.errors import UserError

CUT = 32
"""A 32nd of the side is cut off at each edge."""
SHRINK = (3, 4)
"""To three quarters of the side and back."""
JPEG_QUALITY = 75
"""A finer compression leaves a coarser one's traces to be seen: 90 lets 75 through, 75 hides both."""
JPEG_SUBSAMPLING = "4:2:0"
SMALLEST = 8
"""Side in pixels: one block of a JPEG."""

CHAIN = {
    "cut_off": f"1/{CUT} at each edge",
    "resize_to": f"{SHRINK[0]}/{SHRINK[1]} and back",
    "resampling": "lanczos",
    "jpeg_quality": JPEG_QUALITY,
    "jpeg_subsampling": JPEG_SUBSAMPLING,
    "pillow_version": pillow_version,
}
"""The chain as a mix's manifest has it. The same pixels come from the same chain."""


def require_harmonisable(resolution: int) -> None:
    """Raise ``UserError`` where images are too small for the chain's blocks of pixels."""
    if resolution < SMALLEST:
        raise UserError(
            f"images of {resolution} x {resolution} are too small for --harmonise, which takes {SMALLEST} x "
            f"{SMALLEST} or larger. Mix them without it."
        )


def harmonise(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Send an image uint8 (R, R, 3) RGB, R >= 8, through the chain: same shape, the same from the same."""
    side = len(pixels)
    smaller, edge = side * SHRINK[0] // SHRINK[1], side / CUT
    inside = (edge, edge, side - edge, side - edge)
    image = Image.fromarray(pixels).resize((smaller, smaller), Image.Resampling.LANCZOS, box=inside)
    image = image.resize((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=JPEG_SUBSAMPLING)
    with Image.open(file) as decoded:
        return np.array(decoded)
