"""The S3-compatible server of the storage's tests."""

from tests.backend.storage.conftest import s3

__all__ = ["s3"]
