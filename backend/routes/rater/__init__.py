"""The rater's pages. The link's token is in every address, so nothing depends on cookies or on a session.

Opening a page never changes anything: link previews and mail scanners may follow any of these addresses.
"""

from fastapi import APIRouter

from backend.routes.rater import entry, finish, images, join, practice, preferences, privacy, rate, sync

router = APIRouter()
# Looked for in this order: first what each answer needs.
for part in (sync, images, rate, entry, practice, finish, preferences, privacy, join):
    router.include_router(part.router)
