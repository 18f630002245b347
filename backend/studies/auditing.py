"""The audit of an imported mix: what tells its fakes from its reals, kept with it."""

from dataclasses import asdict

from backend.database import events, mixes
from backend.database.sessions import Database
from backend.storage import ImageStore
from backend.studies.building import TIME_STAMP
from backend.studies.mixes import get_mix
from backend.studies.refusals import Conflict

MOST_PIXELS = 100_000_000
"""Of all images of a mix together, held in memory while they are measured: some 300 MB of file bytes."""


def audit_mix(database: Database, store: ImageStore, mix_id: int, *, by: str = "") -> None:
    """Audit a mix as ``dermvtt audit-mix`` does, and keep what was found.

    Raises ``Conflict`` where there is nothing to tell apart, or the audit cannot be made here.
    """
    try:
        # Imported here: seldom needed, and a server that only serves need not have what it needs.
        from backend.audit.measure import measure  # noqa: PLC0415
        from backend.audit.reading import Listed, Mix  # noqa: PLC0415
        from backend.audit.report import Configuration, audit  # noqa: PLC0415
    except ImportError as error:
        raise Conflict(
            f"The audit needs {error.name}, which is not installed on this server. Audit the mix where it "
            "was made: dermvtt audit-mix"
        ) from error
    with database.read() as session:
        mix = get_mix(session, mix_id)
        images = mixes.images(session, mix_id)
    if not (mix.reals and mix.fakes):
        raise Conflict("The mix has images of one kind only: there is nothing to tell apart.")
    if len(images) * mix.resolution**2 > MOST_PIXELS:
        raise Conflict(
            "The mix is too large to be audited by the server. Audit it where it was made: dermvtt audit-mix"
        )
    listed = []
    for place, image in enumerate(images):  # by their ids, as every manifest lists them
        name = f"images/{image.public_id}.png"
        data = store.get(image.sha256)
        listed.append(Listed(name, f"{mix.name}/{name}", image.truth, place, data, float(TIME_STAMP)))
    harmonised = bool(mix.configuration.get("harmonised"))
    read = Mix(mix.name, mix.manifest_sha256, listed, [], harmonised)
    found = asdict(audit(read, measure(read.images, lambda: None), Configuration()))
    with database.write() as session:
        get_mix(session, mix_id).audit = found
        events.add(session, None, "mix audited", by=by, mix=mix_id, outcome=found["outcome"])
