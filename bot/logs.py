"""The program's own log, on standard error: for the operator, never with what people say and never with a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

OURS = "bot"
QUIET = (
    "aiohttp",
    "aiosqlite",
    "apscheduler",
    "asyncio",
    "charset_normalizer",
    "httpcore",
    "httpx",
    "peewee",
    "telegram",
)
"""Libraries that say at lower levels what we must not: addresses with tokens in them."""

_TOKEN = re.compile(r"\b\d{3,}:[\w-]{20,}|\bsy[tr]_\w+")
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redact(logging.Filter):
    """Takes the configured secrets, and whatever looks like a token, out of every line."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, its secrets replaced. Arguments are merged first, so that none hides in them."""
        record.msg, record.args = self.clean(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self.clean(_FORMATTER.formatException(record.exc_info))
        for key, value in list(vars(record).items()):
            if key not in _KNOWN and isinstance(value, str):
                setattr(record, key, self.clean(value))
        return True

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return _TOKEN.sub("[secret]", text)


_FORMATTER = logging.Formatter()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _KNOWN}


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Lines(logging.Formatter):
    """For people: time, level, where, what, and what belongs to it as ``key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        where = record.name.removeprefix("bot.")
        line = f"{_at(record)} {record.levelname.lower():<7} {where}: {record.getMessage()}{extra}"
        return f"{line}\n{record.exc_text}" if record.exc_text else line


class Objects(logging.Formatter):
    """For programs: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "where": record.name,
            "what": record.getMessage(),
        }
        said |= _extra(record)
        if record.exc_text:
            said["trace"] = record.exc_text
        return json.dumps(said, ensure_ascii=False, default=str)


def start(form: Literal["text", "json"], secrets: Sequence[str] = (), level: int = logging.INFO) -> None:
    """Log to standard error from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Objects() if form == "json" else Lines())
    handler.addFilter(Redact(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for floor in (OURS, "storage", "handlers", "playbooks"):
        logging.getLogger(floor).setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # nio warns of each event it cannot read, with what is in it.
    logging.getLogger("nio").setLevel(logging.ERROR)
