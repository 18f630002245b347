"""Queries on mixes and their images."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.database.tables import Image, Mix


def find(session: Session, mix_id: int) -> Mix | None:
    """The mix of this id."""
    return session.get(Mix, mix_id)


def find_by_manifest(session: Session, manifest_sha256: str) -> Mix | None:
    """The mix that was imported from this very manifest."""
    return session.scalar(select(Mix).where(Mix.manifest_sha256 == manifest_sha256))


def everything(session: Session) -> Sequence[Mix]:
    """All mixes, the newest first."""
    return session.scalars(select(Mix).order_by(Mix.id.desc())).all()


def images(session: Session, mix_id: int) -> Sequence[Image]:
    """The images of a mix, in the order of their public ids."""
    return session.scalars(select(Image).where(Image.mix_id == mix_id).order_by(Image.public_id)).all()
