"""Image bytes, found by their SHA-256 and verified whenever they are read: on disk or in a bucket."""

from backend.storage.places import ImageLost, StorageUnavailable
from backend.storage.store import ImageStore, make_bucket, open_store

__all__ = ["ImageLost", "ImageStore", "StorageUnavailable", "make_bucket", "open_store"]
