"""The log: structured events on stderr, everybody's lines in one format, secrets masked."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Literal, TextIO, cast

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

Format = Literal["json", "text"]

MASK = "***"
#: A field whose name holds one of these words, or ends with "key", is never shown.
SECRET_WORDS = ("token", "password", "secret", "authorization", "credential", "private_key")


def configure(environ: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> None:
    """Send every log line of this process to stderr in one format. Safe to repeat.

    ``JOBSCHED_LOG_FORMAT`` (``json`` or ``text``; else text on a terminal) and
    ``JOBSCHED_LOG_LEVEL`` (else ``INFO``) decide. arq's command line sets logging up after it has
    imported our settings: call this again in its ``on_startup``.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[ProcessorFormatter.remove_processors_meta, *_renderers(environ, stream)],
        )
    )
    for name in list(logging.root.manager.loggerDict):
        # Handlers that others (arq) hung on their own loggers would print a line twice.
        _pass_up(logging.getLogger(name))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(_level(environ))
    # One line a request is the access log's own; it would drown the rest.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    # It tells of each client where its credentials and its address come from.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get(name: str) -> BoundLogger:
    """Give the log of a part: event names are ``noun.verbed``, never a sentence."""
    return cast("BoundLogger", structlog.get_logger(name))


def mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the values of fields that are named like secrets, at any depth of mappings."""
    return {key: _masked(key, value) for key, value in event.items()}


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    lowered = name.lower().replace("-", "_")
    return any(word in lowered for word in SECRET_WORDS) or lowered.endswith(("apikey", "api_key"))


def _masked(key: object, value: object) -> object:
    if isinstance(key, str) and is_secret(key) and value not in (None, ""):
        return MASK
    if isinstance(value, Mapping):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", item) for item in value]
    return value


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]


def _renderers(environ: Mapping[str, str], stream: TextIO) -> list[Processor]:
    terminal = stream.isatty()
    chosen = environ.get("JOBSCHED_LOG_FORMAT", "").lower() or ("text" if terminal else "json")
    if chosen == "text":
        # Plain tracebacks: the pretty ones print local variables, secrets among them.
        formatter = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=formatter)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("event"),
        structlog.processors.JSONRenderer(),
    ]


def _level(environ: Mapping[str, str]) -> int:
    wanted = environ.get("JOBSCHED_LOG_LEVEL", "").upper() or "INFO"
    return logging.getLevelNamesMapping().get(wanted, logging.INFO)


def _pass_up(logger: logging.Logger) -> None:
    if logger.handlers and not logger.name.startswith("_pytest"):
        logger.handlers.clear()
        logger.propagate = True


__all__ = ["MASK", "configure", "get", "is_secret", "mask_secrets"]
