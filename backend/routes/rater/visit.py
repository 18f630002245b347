"""What all of a rater's pages have in common: who she is, her language, her steps, the way on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from backend.database import ratings
from backend.database.desk import Held
from backend.database.ratings import Step
from backend.database.tables import Rater
from backend.observing.metrics import ANSWERS
from backend.routes.pages import Pages
from backend.routes.previewing import Preview, preview_of
from backend.studies.consent import Told, told
from backend.studies.invitations import admit
from backend.studies.options import options_of
from backend.studies.recording import rateable

PREFIX = "/r/{token}"


@dataclass(frozen=True)
class Visit:
    """One request of the holder of a link."""

    request: Request
    token: str

    @property
    def pages(self) -> Pages:
        """What her pages are made with."""
        return self.request.app.state.pages

    @property
    def base(self) -> str:
        """The address of her study."""
        return self.preview.base if self.preview else f"/r/{self.token}"

    @property
    def preview(self) -> Preview | None:
        """The preview in which she is played, if she is."""
        return preview_of(self.request)

    @property
    def cookie_path(self) -> str:
        """Below which her browser shows us what she prefers."""
        return self.preview.base if self.preview else "/r/"

    def count(self, answers: int) -> None:
        """Count answers that are on disk: those of a preview are nowhere."""
        if not self.preview:
            ANSWERS.inc(answers)

    def to(self, path: str = "") -> RedirectResponse:
        """Send her to a page of hers."""
        return RedirectResponse(f"{self.base}{path}", status_code=303)

    def language(self, rater: Rater | Held) -> str:
        """Chosen by her, else by her browser, else by the study."""
        return self.pages.language(self.request, rater.study.language)

    def told(self, rater: Rater, language: str = "") -> Told:
        """What the study tells her, in her language."""
        language = language or self.language(rater)
        return told(rater.study, language, self.pages.languages.catalogue(language).gettext)

    def render(self, template: str, rater: Rater, steps: Sequence[Step], **values: Any) -> Response:
        """A page with what all of her pages show."""
        texts = self.told(rater)
        return self.pages.render(
            self.request,
            template,
            language=texts.language,
            base=self.base,
            cookie_path=self.cookie_path,
            study=rater.study,
            told=texts,
            options=options_of(rater.study),
            first=rater.first_choice,
            drawn=rater.study.drawn,
            size=rater.study.resolution,
            steps=steps,
            total=len(steps),
            answered=sum(step.answer is not None for step in steps),
            **values,
        )


async def _visit(request: Request, token: str) -> Visit:
    return Visit(request, token)


VisitDep = Annotated[Visit, Depends(_visit)]


def rating_rater(session: Session, token: str) -> tuple[Rater | None, list[Step]]:
    """The rater with her steps, or none where the entry page must decide what she sees."""
    rater = admit(session, token)
    return (rater, ratings.steps(session, rater.id)) if rateable(rater) else (None, [])


def trial(visit: Visit, rater: Rater, steps: Sequence[Step], position: int, back: str) -> dict[str, Any]:
    """What the scripts of a page need to know."""
    shown = ("zoom", "confidence_levels", "revising", "fixation_ms", "display_limit_ms", "preload_all")
    parts = ("key", "answer", "confidence", "seen")
    return {
        "base": f"{visit.request.app.state.settings.root_path}{visit.base}",
        # Known to her alone and the same under a new link: what waits in her browser is hers still.
        "owner": steps[0].key,
        "position": position,
        "back": back,
        "size": rater.study.resolution,
        "first": rater.first_choice,
        "steps": [{part: asdict(step)[part] for part in parts} for step in steps],
        "options": options_of(rater.study).model_dump(include=set(shown)),
    }
