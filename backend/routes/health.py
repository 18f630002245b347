"""Whether the process answers, and whether it can do its work."""

from fastapi import APIRouter, Response
from sqlalchemy.exc import DBAPIError

from backend.database.schema import require_current
from backend.routes.dependencies import DatabaseDep
from training.errors import UserError

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process is up."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(database: DatabaseDep, response: Response) -> dict[str, str]:
    """The database can be reached and its schema is this program's."""
    try:
        require_current(database.engine)
    except (UserError, DBAPIError):
        response.status_code = 503
        return {"status": "the database is not ready"}
    return {"status": "ok"}
