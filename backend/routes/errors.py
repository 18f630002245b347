"""Every error as a friendly page, or as JSON for the rating script: the request id, nothing internal."""

import errno
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from backend.accounts.throttle import TooManyAttempts
from backend.database.outages import Outage, TurnMissed, outage_of
from backend.extras import NotInstalled
from backend.languages import SOURCE, Translate, translatable
from backend.routes.admin.access import CodeRequired, LoginRequired, NotAllowed, PasswordRequired
from backend.routes.previewing import preview_of
from backend.storage import StorageUnavailable
from backend.studies.invitations import admit
from backend.studies.refusals import Busy, Conflict, Invalid, Refused, Unknown
from training.errors import UserError

log = logging.getLogger("dermvtt.errors")

RATER_PAGE = re.compile(r"/r/(?P<token>[\w-]+)")
STATUS = {
    **{NotAllowed: 403, Unknown: 404, Conflict: 409, Invalid: 422},
    **{TooManyAttempts: 429, NotInstalled: 501},
}
HEADING = {
    404: translatable("Nothing to see here"),
    409: translatable("Not possible any more"),
    500: translatable("Something went wrong on our side"),
    503: translatable("One moment, please"),
    507: translatable("One moment, please"),
}
FAILED = translatable("That did not work")
NOT_SERVED = translatable("The request cannot be served.")
NOT_USABLE = translatable("Something in the form was missing or not usable. Nothing was changed.")
NOT_FOUND = translatable("This page does not exist. Please check that the address is complete.")
UNREACHABLE = translatable(
    "The study cannot be reached just now. Nothing was changed; please try again in a moment. Answers that "
    "were saved are kept."
)
NO_ROOM = translatable(
    "The server has no room to save anything just now. Nothing was changed; please try again in a moment. "
    "Answers that were saved are kept."
)
OUTAGES = {Outage.BUSY: (503, UNREACHABLE), Outage.AWAY: (503, UNREACHABLE), Outage.FULL: (507, NO_ROOM)}
RETRY_S = 5
NO_IMAGES = translatable(
    "The images cannot be reached at the moment. Please try again shortly; answers that were saved are kept."
)
UNEXPECTED = translatable("The error has been recorded. Please try again; answers that were saved are kept.")


def install(app: FastAPI) -> None:
    """Register the handlers; what none of them takes, the middleware passes to ``unexpected``."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(Busy, _busy)
    for kind in (SQLAlchemyError, TurnMissed, OSError):
        app.add_exception_handler(kind, _outage)
    app.add_exception_handler(StorageUnavailable, _no_images)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(LoginRequired, lambda *_: RedirectResponse("/admin/login", status_code=303))
    app.add_exception_handler(CodeRequired, lambda *_: RedirectResponse("/admin/login/code", status_code=303))
    app.add_exception_handler(
        PasswordRequired, lambda *_: RedirectResponse("/admin/password", status_code=303)
    )
    app.add_exception_handler(RequestValidationError, _malformed)


def wants_json(request: Request) -> bool:
    """Whether the rating script asks, rather than a browser for a page."""
    asked = (request.headers.get("accept", ""), request.headers.get("content-type", ""))
    return any("application/json" in one for one in asked)


def respond(request: Request, status: int, message: str) -> Response:
    """The error as the asker can use it."""
    if wants_json(request):
        return JSONResponse({"error": message, "request_id": request.state.request_id}, status_code=status)
    study = _study(request)
    values = {"heading": translated(request, HEADING.get(status, FAILED)), "message": message}
    values |= {"drawn": study.drawn, "back": study.back, "language": _language(request)}
    return request.app.state.pages.render(request, "error.html", status=status, **values)


@dataclass(frozen=True)
class _Study:
    """Of a rater's study, what an error's page needs: whether its images are computer-drawn (it says so), the
    way back to it, and its language.
    """

    drawn: bool = False
    back: str = ""
    language: str = SOURCE


NO_STUDY = _Study()


def answer_early(
    request: Request, status: int, text: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error before anything is looked up: a server that has too much to do does not ask its database."""
    request.state.study = NO_STUDY
    response = respond(request, status, translated(request, text))
    response.headers.update(headers or {})
    return response


def _study(request: Request) -> _Study:
    if not hasattr(request.state, "study"):
        request.state.study = _find_study(request)
    return request.state.study


def _find_study(request: Request) -> _Study:
    page = RATER_PAGE.match(request.url.path)
    if not page:
        return NO_STUDY
    preview = preview_of(request)
    base = preview.base if preview else page[0]
    try:
        with (preview or request.app.state).database.read() as session:
            study = admit(session, page["token"]).study
            return _Study(study.drawn, base if study.state == "open" else "", study.language)
    except (Unknown, SQLAlchemyError):
        return NO_STUDY


def _language(request: Request) -> str:
    """Raters' pages are in their reader's language, or their study's; admins' in English."""
    raters = request.url.path.startswith(("/r/", "/join/"))
    return request.app.state.pages.language(request, _study(request).language) if raters else SOURCE


def translated(request: Request, text: str) -> str:
    """A text in the language of whoever asks."""
    return _translate(request)(text)


def _translate(request: Request) -> Translate:
    return request.app.state.pages.languages.catalogue(_language(request)).gettext


def _refused(request: Request, error: Exception) -> Response:
    status = STATUS.get(type(error), 409)
    if isinstance(error, Refused):
        response = respond(request, status, _sentence(error.told(_translate(request))))
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(error.seconds)
        return response
    return respond(request, status, _sentence(str(error)))


def _no_images(request: Request, error: Exception) -> Response:
    log.error("%s [%s]", error, request.state.request_id)
    return _later(request, translated(request, NO_IMAGES))


def _busy(request: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)  # noqa: S101 - for the type checker; registered for this class
    return _later(request, error.told(_translate(request)))


def _outage(request: Request, error: Exception) -> Response:
    """For a while nothing can be stored: what was sent may be sent again. Anything else is unexpected."""
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    found = Outage.FULL if full else outage_of(error)
    if found is None:
        raise error
    what = "disk" if full else "database"
    said = getattr(error, "orig", None) or repr(error)
    log.error("the %s is %s [%s]: %s", what, found, request.state.request_id, said)
    if found is Outage.AWAY:
        request.state.study = NO_STUDY  # asking for it would only wait once more
    status, message = OUTAGES[found]
    return _later(request, translated(request, message), status)


def _later(request: Request, message: str, status: int = 503) -> Response:
    response = respond(request, status, message)
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker; registered for this class
    message = NOT_FOUND if error.status_code == 404 else NOT_SERVED
    response = respond(request, error.status_code, translated(request, message))
    response.headers.update(error.headers or {})
    return response


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if any(problem["loc"][0] == "path" for problem in error.errors()):
        return respond(request, 404, translated(request, NOT_FOUND))
    log.info("malformed request: %s", type(error).__name__)
    return respond(request, 422, translated(request, NOT_USABLE))


def unexpected(request: Request, error: Exception) -> Response:
    """Log what nobody foresaw, with the request's id, and answer without any of it."""
    log.error("unexpected error", exc_info=error)
    return respond(request, 500, translated(request, UNEXPECTED))


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]
