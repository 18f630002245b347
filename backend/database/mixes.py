"""Queries on mixes and their images."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, case, delete, distinct, func, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.database.tables import Image, Mix, Study, StudyMix


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


def choose(session: Session, study: Study, mix_ids: Iterable[int]) -> None:
    """Make these the mixes that a study shows, in this order, in place of any that it has."""
    session.execute(delete(StudyMix).where(StudyMix.study_id == study.id))
    session.add_all(
        StudyMix(study_id=study.id, mix_id=mix_id, position=position)
        for position, mix_id in enumerate(dict.fromkeys(mix_ids), start=1)
    )
    session.flush()
    session.expire(study, ["mixes", "drawn", "resolution"])


def images_of(session: Session, study_id: int) -> list[Image]:
    """The images that a study shows, in the order of their public ids: of all its mixes, each picture once.

    What several of them hold is taken from the first of them.
    """
    query = (
        select(Image, StudyMix.position)
        .join(StudyMix, StudyMix.mix_id == Image.mix_id)
        .where(StudyMix.study_id == study_id)
        .order_by(StudyMix.position, Image.public_id)
    )
    found, held = [], {}
    for image, position in session.execute(query):
        if held.setdefault(image.sha256, position) == position:
            found.append(image)
    return sorted(found, key=lambda image: image.public_id)


def source_of(session: Session, study_id: int) -> ColumnElement[str]:
    """What a study calls the source of an image: ``real``, or the family of its generator.

    Where a study has several mixes with fakes of several generators of one family, the first eight digits of
    the generator's digest follow, as in ``pgan:3f0a91c2``.
    """
    generator = Image.provenance["generator"].as_string()
    shown = select(Image.source).join(StudyMix, StudyMix.mix_id == Image.mix_id)
    shown = shown.where(StudyMix.study_id == study_id, Image.truth == "fake").group_by(Image.source)
    several = shown.having(func.count(distinct(generator)) > 1, func.count(distinct(Image.mix_id)) > 1)
    families = session.scalars(several).all()
    if not families:
        return Image.source
    told = Image.source + ":" + func.substr(generator, 1, 8)
    return case((Image.source.in_(families) & generator.is_not(None), told), else_=Image.source)


def sources(session: Session, study_id: int) -> dict[int, str]:
    """The source of each image of a study's mixes, as ``source_of`` says, by the image's number."""
    query = select(Image.id, source_of(session, study_id)).join(StudyMix, StudyMix.mix_id == Image.mix_id)
    return dict(session.execute(query.where(StudyMix.study_id == study_id)).all())


def page(
    session: Session, mix_id: int, source: str, first: int, count: int
) -> tuple[Sequence[Image], dict[str, int]]:
    """Some images of a mix, of one source or of all, by public id; and how many there are of each source."""
    query = select(Image).where(Image.mix_id == mix_id).order_by(Image.public_id)
    if source:
        query = query.where(Image.source == source)
    sources = select(Image.source, func.count()).where(Image.mix_id == mix_id).group_by(Image.source)
    counts = {name: number for name, number in session.execute(sources.order_by(Image.source))}  # noqa: C416
    return session.scalars(query.offset(first).limit(count)).all(), counts


def image(session: Session, mix_id: int, public_id: str) -> Image | None:
    """One image of a mix."""
    return session.scalar(select(Image).where(Image.mix_id == mix_id, Image.public_id == public_id))


def studies_of(session: Session, mix_id: int) -> Sequence[Study]:
    """The studies that show a mix, also for practice."""
    rated = select(StudyMix.study_id).where(StudyMix.mix_id == mix_id)
    shown = or_(Study.id.in_(rated), Study.practice_mix_id == mix_id)
    return session.scalars(select(Study).where(shown).order_by(Study.id)).all()


def remove(session: Session, mix: Mix) -> bool:
    """Remove a mix and its images; false, and nothing is removed, where anything refers to them."""
    try:
        with session.begin_nested():
            session.execute(delete(Image).where(Image.mix_id == mix.id))
            session.delete(mix)
            session.flush()
    except IntegrityError:
        return False
    return True


def hold(session: Session) -> None:
    """Let nobody register images until this transaction ends; whoever only reads is not held up."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        session.execute(text("LOCK TABLE images IN SHARE ROW EXCLUSIVE MODE"))


def used_bytes(session: Session, hashes: Collection[str]) -> set[str]:
    """Those of these SHA-256 that some image has."""
    return set(session.scalars(select(Image.sha256).where(Image.sha256.in_(hashes)).distinct()))
