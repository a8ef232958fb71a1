"""A log record as one line of JSON, without secrets; and such a line read back."""

import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.logs.context import whereabouts
from cts_tui.model.log import LogLevel, LogLine, Whereabouts
from cts_tui.redaction import RedactingFormatter, redacted

_LONGEST_TEXT: Final = 16_000
"""Characters of a message or traceback that are kept: a line stays a line."""
_CUT: Final = " …"


class JsonFormatter(RedactingFormatter):
    """Formats a record, traceback and all, as one JSON object without the secrets known here."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as it may be written, without its end.

        Secrets are masked in the texts, before JSON spells these anew, and in the line.
        """
        where = whereabouts()
        fields: dict[str, Any] = {
            "time": _time_text(record.created),
            "level": record.levelname,
            "logger": record.name,
            "connection": where.connection or None,
            "processor": where.processor or None,
            "cycle": where.cycle,
            "message": _bounded(redacted(record.getMessage())),
            "exception": self._exception(record),
            "pid": os.getpid(),
        }
        told = {name: value for name, value in fields.items() if value is not None}
        return redacted(json.dumps(told, ensure_ascii=False))

    def _exception(self, record: logging.LogRecord) -> str | None:
        """Return the traceback in one text: the beginning, and the end that says what it was."""
        if record.exc_info and record.exc_info[0] is not None:
            text = redacted(self.formatException(record.exc_info))
        elif record.stack_info:
            text = redacted(record.stack_info)
        else:
            return None
        if len(text) <= _LONGEST_TEXT:
            return text
        half = _LONGEST_TEXT // 2
        return f"{text[:half]}\n{_CUT}\n{text[-half:]}"


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + _CUT


def _time_text(seconds: float) -> str:
    """Return ISO-8601 UTC, always with milliseconds: lines then sort and align as text."""
    text = iso_from_ms(int(seconds * 1000))
    return text if "." in text else f"{text[:-1]}.000Z"


def parse_line(raw: bytes, key: tuple[int, int]) -> LogLine:
    """Return a line that was read; one that is not of this form is a message by itself."""
    text = raw.decode("utf-8", "replace").rstrip("\r\n")
    try:
        fields = json.loads(text)
        return _line(fields, key)
    except (AttributeError, LookupError, TypeError, ValueError):
        return LogLine(key, None, LogLevel.INFO, "", text)


def _line(fields: Mapping[str, Any], key: tuple[int, int]) -> LogLine:
    cycle, pid = fields.get("cycle"), fields.get("pid")
    return LogLine(
        key=key,
        time_ms=round(datetime.fromisoformat(fields["time"]).timestamp() * 1000),
        level=LogLevel[fields["level"]],
        logger=str(fields.get("logger", "")),
        message=str(fields["message"]),
        where=Whereabouts(
            str(fields.get("connection", "")),
            str(fields.get("processor", "")),
            cycle if isinstance(cycle, int) else None,
        ),
        exception=str(fields.get("exception", "")),
        pid=pid if isinstance(pid, int) else None,
    )
