"""One form for every line of the log, whoever writes it: this program, uvicorn, alembic, any library.

Code logs with the standard library; structlog writes the lines: JSON for machines, columns at a terminal.
"""

import importlib
import logging
import sys
from types import ModuleType
from typing import Any

from backend.observing.redaction import redact_fields


def _structlog() -> ModuleType:
    """structlog, without the library by which it draws tracebacks: ours are plain, and that is 8 MB."""
    loaded = sys.modules.get("rich")
    sys.modules["rich"] = None  # as if it were not installed
    try:
        return importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]
        if loaded is not None:
            sys.modules["rich"] = loaded


structlog = _structlog()

TALKATIVE = ("python_multipart", "markdown_it")
"""Libraries that at DEBUG write a line for each byte of what strangers send: of a form of a megabyte two
hundred, and for half a minute the server would do nothing else."""
NOT_OURS = {"color_message", "taskName"}
"""What libraries attach for formatters of their own."""


def configure_logs(level: str, form: str = "auto") -> None:
    """Send every line to standard error in the form ``json``, ``text``, or ``auto``: text at a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(as_json=form == "json" or (form == "auto" and not sys.stderr.isatty())))
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [], True, False


def formatter(*, as_json: bool) -> logging.Formatter:
    """What makes a line of a record."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Colours would be escape characters in what a terminal's user copies into a report.
    writer = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _console()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _ours,
            redact_fields,
            writer,
        ],
    )


def about_request(**values: object) -> Any:
    """A ``with`` block in which every line carries these values, in worker threads too."""
    return structlog.contextvars.bound_contextvars(**values)


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback, pad_level=False
    )


def _ours(_logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in NOT_OURS}
