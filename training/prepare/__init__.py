"""A folder of photographs to a dataset folder."""

from training.prepare.folder import prepare
from training.prepare.worker import Options

__all__ = ["Options", "prepare"]
