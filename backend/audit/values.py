"""What is measured on an image: an amount is a number, a kind is a text."""

import hashlib

Values = dict[str, float | str]
"""The features of one image in one channel, by name."""


def fingerprint(*parts: bytes) -> str:
    """A short name for contents: the same for the same parts in the same order."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()[:8]
