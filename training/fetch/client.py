"""The archive's own client, ``isic-cli``: what it is asked, and a watch over what it does.

Of the client (12.4) must be known: it says "Successfully downloaded" and ends with 0 whatever became of
single images; it goes on trying for hours where an archive does not answer; and where it fails it asks on
standard input whether to send a report of the failure, by default yes. So it is given no input, is ended
when it stalls, and is not believed.
"""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.errors import UserError

LOG = ".isic-cli.log"
LEFTOVER = ".isic-partial."
"""How the names of the client's half images begin; one that was killed leaves them behind."""

POLL_S = 1.0
_TRUE = {"1", "true", "t", "yes", "y", "on"}


@dataclass(frozen=True)
class Collection:
    """What the archive says of a collection: its name, and how many ``images`` of how many ``size`` bytes."""

    number: int
    name: str
    images: int
    size: int


@dataclass(frozen=True)
class Ended:
    """How a client ended: its exit ``code``, or ``stalled`` where it was ended for want of any progress."""

    code: int
    stalled: bool


def require_client() -> None:
    """Raise ``UserError`` where the client is not installed."""
    if importlib.util.find_spec("isic_cli") is None:
        raise UserError(
            "isic-cli, the ISIC Archive's client, is not installed. Install it: pip install 'dermvtt[data]'"
        )


def ask(number: int) -> Collection:
    """Ask the archive for a collection; ``UserError`` where it does not answer or has none of that number."""
    # The client is a second's import, for which `--help` and a folder that is whole need not wait.
    from isic_cli.cli import DOMAINS  # noqa: PLC0415
    from isic_cli.io.http import get_collection, get_num_images, get_size_images  # noqa: PLC0415
    from isic_cli.session import IsicCliSession  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415
    from urllib3.util import Retry  # noqa: PLC0415

    host = DOMAINS[_which_archive()]
    try:
        with IsicCliSession(f"{host}/api/v2/", retry_strategy=Retry(1, redirect=False)) as session:
            name = get_collection(session, number)["name"]
            images = get_num_images(session, collections=str(number))
            return Collection(number, name, images, get_size_images(session, collections=str(number)))
    except (RequestException, KeyError, TypeError) as error:
        raise UserError(_unanswered(host, number, error)) from error


def download(
    collection: Collection, count: int, folder: Path, patience: float, watch: Callable[[], int]
) -> Ended:
    """Let the client fetch the first ``count`` images of a collection that ``folder`` does not have yet.

    ``watch`` is called every second and returns a number that changes where there is progress; after
    ``patience`` seconds without, the client is ended. What it says goes into the file ``LOG``.
    """
    command = [sys.executable, "-m", "isic_cli.cli"]
    # As a guest the client sees what `ask` saw. Its version is this project's to choose: without the second
    # option it refuses to work from the day on that a newer one is published.
    command += ["--guest", "--no-version-check", "image", "download"]
    # A limit always: without one the client asks on standard input where the whole would not fit on the disk,
    # even if nearly all of it is there already.
    command += ["--collections", str(collection.number), "--limit", str(count), "--", str(folder)]
    with (folder / LOG).open("wb") as log:
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - our own words and numbers, and a path after `--`
        try:
            return _until_it_ends(client, patience, watch)
        finally:
            # Not terminated: it would first see all its threads' attempts to their ends.
            client.kill()
            client.wait()


def last_words(folder: Path) -> str:
    """Return the line in which the client said why it failed, or an empty text."""
    text = (folder / LOG).read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception"))]
    return told[-1] if told else ""


def _until_it_ends(client: "subprocess.Popen[bytes]", patience: float, watch: Callable[[], int]) -> Ended:
    seen, since = watch(), time.monotonic()
    while True:
        try:
            code = client.wait(POLL_S)
            watch()  # what came since the last look
            return Ended(code, stalled=False)
        except subprocess.TimeoutExpired:
            now = watch()
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > patience:
                return Ended(code=1, stalled=True)


def _which_archive() -> str:
    """The key of the archive that the client's own variables choose."""
    for variable, archive in (("ISIC_DEV", "dev"), ("ISIC_SANDBOX", "sandbox")):
        if os.environ.get(variable, "").lower() in _TRUE:
            return archive
    return "prod"


def _unanswered(host: str, number: int, error: Exception) -> str:
    from requests import ConnectionError as NoConnection  # noqa: PLC0415 - see `ask`
    from requests import HTTPError, Timeout  # noqa: PLC0415

    if isinstance(error, HTTPError) and error.response.status_code == 404:
        return (
            f"the ISIC Archive has no public collection {number}. `isic collection list` shows those it has."
        )
    archive, again = f"the ISIC Archive ({host})", "Run the same command again later: what is here stays."
    if isinstance(error, HTTPError):
        return f"{archive} answered {error.response.status_code} {error.response.reason}. {again}"
    if isinstance(error, NoConnection | Timeout):
        why = "it did not answer in time" if isinstance(error, Timeout) else "no connection"
        check = "Check this machine's connection (behind a proxy, set HTTPS_PROXY)."
        return f"{archive} cannot be reached: {why}. {check} {again}"
    return f"what answers at {host} is not the ISIC Archive. Is there a login page before it? {again}"
