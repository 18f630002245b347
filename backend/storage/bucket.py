"""Images in S3-compatible storage, through obstore: one library of 16 MB that brings nothing else along.

(boto3 with what it needs is 36 MB, takes half a second to import, and reads a machine's other configuration.)
"""

import errno
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pydantic import BaseModel, SecretStr

from backend.storage.places import StorageUnavailable
from training.errors import UserError

T = TypeVar("T")
CHECKED = ".check"
NO_BUCKET = "there is no such bucket"
FIRST_REGION = "us-east-1"
LOCATION = (
    '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
)
CONFLICT = 409


class BucketSettings(BaseModel, frozen=True):
    """Where the bucket is, and who asks; ``timeout`` bounds one request and ``patience`` all its repeats."""

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    key: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")
    timeout: float = 5
    patience: float = 8


class Bucket:
    """The names below a prefix of a bucket. Connections are made when first needed, in each process."""

    def __init__(self, settings: BucketSettings) -> None:
        self._settings = settings
        try:
            import obstore  # noqa: F401, PLC0415 - an extra: only who keeps images in a bucket needs it
        except ImportError as error:
            raise UserError(
                f"images in {settings.url} need a library that is not installed. "
                "Install it: pip install 'dermvtt[s3]'"
            ) from error

    def __str__(self) -> str:
        return self._settings.url

    def read(self, name: str) -> bytes | None:
        """The object's bytes, or ``None`` where there is no such object."""
        try:
            return bytes(self._call("read", lambda: self._store.get(name).bytes()))
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Put an object; the storage compares its SHA-256 before it takes it."""
        self._call("written", lambda: self._store.put(name, data, use_multipart=False))

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        try:
            self._call("read", lambda: self._store.head(name))
        except FileNotFoundError:
            return False
        return True

    def names(self) -> Iterator[str]:
        """All objects below the prefix."""
        pages = iter(self._call("listed", self._store.list))
        while page := self._call("listed", lambda: next(pages, None)):
            yield from (one["path"] for one in page)

    def remove(self, name: str) -> None:
        """Delete an object."""
        try:
            self._call("removed", lambda: self._store.delete(name))
        except FileNotFoundError:
            return

    def check(self) -> None:
        """Put a small object and read it."""
        self.write(CHECKED, b"x")
        if self.read(CHECKED) != b"x":
            raise self._unavailable("read", "what was written does not come back")

    def make(self) -> bool:
        """Make the bucket, where there is none; whether that was so."""
        try:
            self.check()
        except StorageUnavailable as problem:
            if NO_BUCKET not in str(problem.strerror):
                raise
        else:
            return False
        self._call("made", self._make)
        return True

    def _make(self) -> None:
        import obstore  # noqa: PLC0415 - as above

        # The library makes no buckets, but signs any request: this one is a PUT of the bucket's name.
        address = obstore.sign(self._open(prefix=""), "PUT", "", timedelta(minutes=1))
        region = self._settings.region
        # Where nothing is said it lies in the first of Amazon's regions, and that one must not be named.
        body = "" if region == FIRST_REGION else LOCATION.format(region=region)
        try:
            # The address is the settings' own, which is http or https.
            kind = {"Content-Type": "application/xml"}
            asked = Request(address, body.encode(), kind, method="PUT")  # noqa: S310
            with urlopen(asked, timeout=self._settings.timeout):  # noqa: S310
                pass
        except HTTPError as error:
            if error.code != CONFLICT:  # somebody else was faster
                raise

    @cached_property
    def _store(self) -> Any:
        return self._open(urlsplit(self._settings.url).path.strip("/"))

    def _open(self, prefix: str) -> Any:
        from obstore.store import S3Store  # noqa: PLC0415 - as above

        chosen = self._settings
        return S3Store(
            urlsplit(chosen.url).netloc,
            prefix=prefix or None,
            **({"endpoint": chosen.endpoint} if chosen.endpoint else {}),
            region=chosen.region,
            **_credentials(chosen),
            checksum_algorithm="SHA256",
            client_options={
                "allow_http": chosen.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=min(2, chosen.timeout)),
                "timeout": timedelta(seconds=chosen.timeout),
            },
            retry_config={
                "max_retries": 2,
                "retry_timeout": timedelta(seconds=chosen.patience),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=1),
                    "base": 2,
                },
            },
        )

    def _call(self, what: str, work: Callable[[], T]) -> T:
        from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415 - as above

        try:
            return work()
        except (NotFoundError, FileNotFoundError) as error:
            if "NoSuchBucket" in str(error):
                raise self._unavailable(what, NO_BUCKET) from error
            raise FileNotFoundError(errno.ENOENT, "no such object") from error
        except (BaseError, OSError) as error:
            # The library's own words go on for pages, with the server's whole reply.
            raise self._unavailable(what, _brief(error)) from error

    def _unavailable(self, what: str, why: str) -> StorageUnavailable:
        chosen = self._settings
        where = f"{chosen.url} at {chosen.endpoint}" if chosen.endpoint else chosen.url
        return StorageUnavailable(errno.EIO, f"images cannot be {what} in {where} ({why}).")


def _credentials(chosen: BucketSettings) -> dict[str, Any]:
    key, secret = chosen.key.get_secret_value(), chosen.secret.get_secret_value()
    # Without any, the library asks the machine that it runs on, as in a cluster.
    return {"access_key_id": key, "secret_access_key": secret} if key else {}


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    # Words that no address, no name of an image and no number in the message can hold.
    for sign, meaning in (
        ("SignatureDoesNotMatch", "the secret is wrong"),
        ("InvalidAccessKeyId", "the key is not known there"),
        ("Insufficient Storage", "it is full"),
        ("kind: Timeout", "it takes too long"),
        ("kind: Connect", "it cannot be reached"),
        ("error sending request", "it cannot be reached"),
    ):
        if sign in text:
            return meaning
    kind = type(error).__name__
    return "access is denied" if kind in {"PermissionDeniedError", "UnauthenticatedError"} else text[:160]
