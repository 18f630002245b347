"""Image bytes, found by their SHA-256 and verified whenever they are read: on disk or in a bucket."""

from backend.storage.places import ImageLost, StorageUnavailable
from backend.storage.store import ImageStore, open_store

__all__ = ["ImageLost", "ImageStore", "StorageUnavailable", "open_store"]
