"""Every error as a friendly page, or as JSON for the rating script: the request id, nothing internal."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from backend.routes.access import LoginRequired, PasswordRequired
from backend.studies.invitations import admit
from backend.studies.refusals import Conflict, Invalid, Refused, Unknown
from training.errors import UserError

log = logging.getLogger("dermvtt.errors")

STATUS = {Unknown: 404, Conflict: 409, Invalid: 422}
HEADING = {
    400: "That did not work",
    404: "Nothing to see here",
    405: "That did not work",
    413: "That did not work",
    409: "Not possible any more",
    422: "That did not work",
    500: "Something went wrong on our side",
}
NOT_FOUND = "This page does not exist. Please check that the address is complete."
UNEXPECTED = "The error has been recorded. Please try again; answers that were saved are kept."


def install(app: FastAPI) -> None:
    """Register the handlers; what none of them takes, the middleware passes to ``unexpected``."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(LoginRequired, lambda *_: RedirectResponse("/admin/login", status_code=303))
    app.add_exception_handler(
        PasswordRequired, lambda *_: RedirectResponse("/admin/password", status_code=303)
    )
    app.add_exception_handler(RequestValidationError, _malformed)


def wants_json(request: Request) -> bool:
    """Whether the rating script asks, rather than a browser for a page."""
    return "application/json" in request.headers.get("accept", "")


def respond(request: Request, status: int, message: str) -> Response:
    """The error as the asker can use it."""
    if wants_json(request):
        return JSONResponse({"error": message, "request_id": request.state.request_id}, status_code=status)
    heading = HEADING.get(status, "That did not work")
    drawn, back = _rater_page(request)
    values = {"heading": heading, "message": message, "drawn": drawn, "back": back}
    return request.app.state.pages.render(request, "error.html", status=status, **values)


def _rater_page(request: Request) -> tuple[bool, str]:
    """Of a rater's page: whether her images are computer-drawn (it says so, also in an error), and the way
    back to her study.
    """
    token = request.scope.get("path_params", {}).get("token")
    if not token:
        return False, ""
    try:
        with request.app.state.database.read() as session:
            study = admit(session, token).study
            return study.mix.drawn, f"/r/{token}" if study.state == "open" else ""
    except (Unknown, SQLAlchemyError):
        return False, ""


def _refused(request: Request, error: Exception) -> Response:
    return respond(request, STATUS.get(type(error), 409), _sentence(str(error)))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker; registered for this class
    message = NOT_FOUND if error.status_code == 404 else "The request cannot be served."
    return respond(request, error.status_code, message)


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if any(problem["loc"][0] == "path" for problem in error.errors()):
        return respond(request, 404, NOT_FOUND)
    log.info("malformed request [%s]: %s", request.state.request_id, type(error).__name__)
    return respond(request, 422, "Something in the form was missing or not usable. Nothing was changed.")


def unexpected(request: Request, error: Exception) -> Response:
    """Log what nobody foresaw, with the request's id, and answer without any of it."""
    log.error("unexpected error [%s]", request.state.request_id, exc_info=error)
    return respond(request, 500, UNEXPECTED)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]
