"""The order in which a rater sees a study's images."""

import hashlib
import hmac
from collections.abc import Iterable


def presentation_order(seed: str, rater_number: int, image_ids: Iterable[str]) -> list[str]:
    """Permute the images for one rater, all permutations being equally likely over seeds.

    Images are sorted by HMAC-SHA256 of the rater's number and the image's id under the study's seed. So the
    order follows from published facts alone (any language can draw it again, no library's generator is
    involved), and the order of the input does not matter.

    >>> presentation_order("seed", 1, ["a", "b", "c"]) == presentation_order("seed", 1, ["c", "b", "a"])
    True
    """

    def rank(image_id: str) -> bytes:
        message = f"{rater_number}:{image_id}".encode()
        return hmac.new(seed.encode(), message, hashlib.sha256).digest()

    return sorted(image_ids, key=rank)


def first_choice(seed: str, rater_number: int, begun: dict[str, int]) -> str:
    """The answer whose button stands first on a rater's pages: ``real`` or ``fake``.

    ``begun`` counts the raters of her group by their first choice: she gets the rarer one, and by an HMAC
    under the study's seed where they are equal. So the order of the buttons is balanced within each group.
    """
    real, fake = begun.get("real", 0), begun.get("fake", 0)
    if real != fake:
        return "real" if real < fake else "fake"
    message = f"first choice:{rater_number}".encode()
    return ("real", "fake")[hmac.new(seed.encode(), message, hashlib.sha256).digest()[0] % 2]
