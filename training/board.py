"""TensorBoard: a run's curves and grids, in its folder ``tensorboard``."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.errors import NotWritten

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"
FLUSH_S = 10


class Board:
    """Writes what TensorBoard shows, by images seen; nothing at all if not ``on``."""

    def __init__(self, run: Path, images_seen: int, *, on: bool) -> None:
        self._folder = run / FOLDER
        self._writer: SummaryWriter | None = None
        if on:
            # A second's import, which a training without it need not wait for.
            from torch.utils import tensorboard  # noqa: PLC0415

            with self._writing():
                # What a resumed run is about to write again is not shown twice.
                self._writer = tensorboard.SummaryWriter(
                    self._folder, purge_step=images_seen + 1, flush_secs=FLUSH_S
                )

        self._hook = threading.excepthook
        threading.excepthook = self._unless_unwritten

    def curves(self, values: Mapping[str, float], images_seen: int) -> None:
        """Add a point to each of these curves."""
        if self._writer:
            with self._writing():
                for name, value in values.items():
                    self._writer.add_scalar(name, value, images_seen)

    def picture(self, name: str, image: NDArray[np.uint8], images_seen: int) -> None:
        """Show an image, uint8 (H, W, 3)."""
        if self._writer:
            with self._writing():
                self._writer.add_image(name, image, images_seen, dataformats="HWC")

    def close(self) -> None:
        """Write what is waiting."""
        try:
            if self._writer:
                with self._writing():
                    self._writer.close()
        finally:
            threading.excepthook = self._hook

    def _unless_unwritten(self, args: threading.ExceptHookArgs) -> None:
        # TensorBoard's thread fails where the disk is full, and says so again to whoever writes next.
        if not isinstance(args.exc_value, OSError):
            self._hook(args)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NotWritten(f"{self._folder} could not be written: {error.strerror or error}.") from error
