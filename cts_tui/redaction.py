"""Secrets that this process knows, and taking them out of whatever text leaves it (S10).

Whoever decrypts or reads a secret says so here; whoever writes a log line, an error or an event
passes the text through `redacted`. It is the last net: no text should hold a secret in the first
place.
"""

import json
import logging
import resource
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
_SHORTEST: Final = 8
"""A shorter value stands in ordinary words and figures: masking it would spoil them."""

_known: tuple[str, ...] = ()
_lock: Final = threading.Lock()


def keep_secret(values: Iterable[str]) -> None:
    """Have `redacted` mask these values from now on, in each way in which they may be spelled.

    A process that knows a secret leaves no core file behind.
    """
    global _known  # noqa: PLW0603 - what one process knows is one set
    spellings = {spelling for value in values for spelling in _spellings(value)}
    if spellings <= set(_known):
        return
    with _lock:
        _known = tuple(sorted(spellings.union(_known), key=len, reverse=True))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def redacted(text: str, *, shortest: int = 0) -> str:
    """Return `text` with every known secret masked that has `shortest` characters or more."""
    for secret in _known:
        if secret in text and len(secret) >= shortest:
            text = text.replace(secret, MASK)
    return text


def _spellings(value: str) -> set[str]:
    """Return a value as it is, within JSON, a URL, a repr, and base64."""
    if len(value.strip()) < _SHORTEST:
        return set()
    raw = value.encode("utf-8", "surrogatepass")
    lines = value.splitlines() if "\n" in value else []
    return {
        value,
        value.strip(),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        quote(raw, safe=""),
        quote_plus(raw),
        b64encode(raw).decode(),
        urlsafe_b64encode(raw).decode(),
        *(line for line in lines if len(line) >= 16 and not line.startswith("-----")),
    }


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback and all, without the secrets that this process knows."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as it may be written."""
        return redacted(super().format(record))
