"""A whole study as one file that another installation takes in, whole or not at all."""

from backend.studies.bundles.packing import write_bundle
from backend.studies.bundles.unpacking import Taken, take_in

__all__ = ["Taken", "take_in", "write_bundle"]
