"""Calls to every operation of the application's own OpenAPI description, fitting and unfitting ones."""

import re
from dataclasses import dataclass, field

import hypothesis
import schemathesis
from hypothesis import HealthCheck, strategies

LONGEST_SECONDS = 20
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
LEAKED = re.compile(r"Traceback|site-packages|sqlalchemy|psycopg|\.py\b", re.IGNORECASE)
# Text that databases, encodings and patterns stumble over.
AWKWARD = [
    "\x00",
    "a\x00b",
    "'; --",
    "é\u202e",
    "😀" * 40,
    "9" * 4400,
    "-1",
    "1e400",
    "NaN",
    " ",
    "x" * 70_000,
]


@dataclass
class Caller:
    """Somebody who calls every operation of the description, with whatever fits it or does not."""

    app: object
    cookies: dict[str, str] = field(default_factory=dict)
    known: dict[str, list[object]] = field(default_factory=dict)
    """Values that lead somewhere, by the name of a parameter or of a form's field: used half of the time."""
    statuses: set[int] = field(default_factory=set)

    def call_all(self, prefix, *, fitting, unfitting, without="(none)", **path):
        """Call all operations under a prefix: so often with what fits the description, so often with what
        does not."""
        described = schemathesis.openapi.from_dict(self.app.openapi())
        operations = [found.ok() for found in described.get_all_operations()]
        operations = [one for one in operations if re.match(prefix, one.path) and without not in one.path]
        operations.sort(key=lambda one: one.path.endswith("/logout"))  # the last thing to do
        assert len(operations) >= 14
        for operation in operations:
            given = {name: value for name, value in path.items() if f"{{{name}}}" in operation.path}
            self._call(operation, POSITIVE, fitting, given)
            if unfitting and can_be_wrong(operation, given):
                self._call(operation, NEGATIVE, unfitting, given)

    def _call(self, operation, mode, times, path):
        cases = operation.as_strategy(generation_mode=mode, path_parameters=path)

        @hypothesis.settings(
            max_examples=times,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(case=cases, data=strategies.data())
        def call(case, data):
            self._make_plausible(case, data)
            reply = case.call(
                app=self.app, cookies=self.cookies, timeout=LONGEST_SECONDS, allow_redirects=False
            )
            self.statuses.add(reply.status_code)
            assert reply.status_code < 500, case.as_curl_command()
            assert reply.headers["x-request-id"], case.as_curl_command()
            if reply.status_code >= 400:
                assert not LEAKED.search(reply.text), reply.text

        call()

    def _make_plausible(self, case, data):
        """Nobody meets a study's number by chance: half of all values that must be met are."""
        for place in (case.path_parameters, case.query, case.body):
            for name in list(place) if isinstance(place, dict) else []:
                if name in self.known and data.draw(strategies.booleans()):
                    place[name] = data.draw(strategies.sampled_from(self.known[name]))
                elif place is case.body and isinstance(place[name], str) and data.draw(strategies.booleans()):
                    place[name] = data.draw(strategies.sampled_from(AWKWARD))
        entries = case.body.get("answers") if isinstance(case.body, dict) else None
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and data.draw(strategies.booleans()):
                entry["image"] = data.draw(strategies.sampled_from(self.known["key"]))


def can_be_wrong(operation, given):
    """Whether there is anything to be sent that does not fit."""
    names = {one.name for one in [*operation.path_parameters, *operation.query]}
    forms = operation.body and operation.path != "/r/{token}/start"  # which takes any field
    return bool(forms or names - set(given))
