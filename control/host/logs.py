"""Logs: one line an event on standard error, for people or as JSON; or an event with fields in systemd's journal."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from control.host.journal import Journal, is_journal, renderer


def configure_logs(level: str, style: str) -> None:
    """Set up logging.

    ``style`` is "console", "json" or "journal"; or "auto": "journal" where standard error goes there, else "console".
    """
    if style == "auto":
        style = "journal" if is_journal(2) else "console"
    logger_factory: Any = structlog.PrintLoggerFactory(sys.stderr)
    if style == "journal":
        journal = Journal()
        logger_factory = _always(journal)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep if style == "console" else structlog.processors.format_exc_info,
            _renderer(style),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=logger_factory,
    )


def _renderer(style: str) -> structlog.typing.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer()
    if style == "journal":
        return renderer(Path(sys.argv[0]).name)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,  # without locals, which may hold the token
    )


def _keep(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event


def _always(journal: Journal) -> Callable[..., Journal]:
    return lambda *_: journal
