"""Which mixes one study can show together."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from backend.database import mixes
from backend.database.tables import Image, Mix
from backend.studies.refusals import Conflict, Invalid, Unknown


def union(session: Session, mix_ids: Iterable[int]) -> list[Image]:
    """The images of mixes that one study may show together; a picture that several hold is there twice.

    Raises ``Conflict`` where they do not fit together: where an image's size would tell which mix it is of,
    where a picture is real in one mix and fake in another, or two pictures have one id.
    """
    chosen, images = [], []
    for mix_id in dict.fromkeys(mix_ids):
        mix = mixes.find(session, mix_id)
        if mix is None:
            raise Unknown(f"there is no mix {mix_id}. Import one first: dermvtt import-mix FOLDER")
        chosen.append(mix)
        images += [(mix, image) for image in mixes.images(session, mix.id)]
    if not chosen:
        raise Invalid("a study needs at least one mix: choose whose images it shows.")
    _require_alike(chosen)
    by_picture: dict[str, tuple[Mix, Image]] = {}
    by_id: dict[str, tuple[Mix, Image]] = {}
    for mix, image in images:
        other, same = by_picture.setdefault(image.sha256, (mix, image))
        if same.truth != image.truth and other is not mix:
            raise Conflict(
                f"{_named(other)} and {_named(mix)} have one picture, which is {same.truth} in one and "
                f"{image.truth} in the other ({same.public_id} and {image.public_id})."
            )
        other, namesake = by_id.setdefault(image.public_id, (mix, image))
        if namesake.sha256 != image.sha256:
            raise Conflict(
                f"{_named(other)} and {_named(mix)} have different images of one id ({image.public_id}): "
                "they were drawn with the same seed. Draw one of them with another --seed."
            )
    return [image for _, image in images]


def _require_alike(chosen: Sequence[Mix]) -> None:
    first = chosen[0]
    for mix in chosen:
        if mix.resolution != first.resolution:
            raise Conflict(
                f"{_named(first)} has images of {first.resolution} x {first.resolution}, {_named(mix)} of "
                f"{mix.resolution} x {mix.resolution}: the size would tell them apart. Choose mixes of "
                "one size."
            )


def _named(mix: Mix) -> str:
    return f"mix {mix.id} ({mix.name})"
