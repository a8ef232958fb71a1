"""What one call of a session does on the wire: its priority in, what was sent and answered out.

It travels in a context variable, so that every request ccxt makes for a call is told of the call
it belongs to, also where ccxt asks several things at once.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from cts_tui.exchange.limiter import Priority

_UNTIL: Final = re.compile(r"until (\d{13})")
_LONGEST_WAIT_S: Final = 3600.0


@dataclass(slots=True)
class Call:
    """One call of ours; ccxt may make several requests of it, the last one is kept."""

    priority: Priority = Priority.MARKET
    sent_method: str = ""
    status: int = 0
    """HTTP status of the last answer; 0 while there is none to the last request."""
    wait_s: float | None = None
    """How long the exchange said to wait."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    """Headers and the beginning of the body of the last answer."""
    sent_ms: int = 0
    answered_ms: int = 0


CURRENT: Final[ContextVar[Call | None]] = ContextVar("current_call", default=None)


def current() -> Call:
    """Return the call that runs; a fresh one for what ccxt does by itself."""
    return CURRENT.get() or Call()


def wait_of(headers: Mapping[str, str], body: str, server_ms: int) -> float | None:
    """Return the seconds that an answer to a refused request asks to wait, None if it does not.

    The longest of `Retry-After` (seconds or a date), a ban `until 1699999999999` in the body, and
    a limit's `…reset…` header.
    """
    banned = _UNTIL.search(body)
    waits = [
        retry_after(headers, server_ms),
        (int(banned[1]) - server_ms) / 1000 if banned else None,
        *(_seconds(value, server_ms) for key, value in headers.items() if _is_reset(key)),
    ]
    known = [min(wait, _LONGEST_WAIT_S) for wait in waits if wait is not None and wait > 0]
    return max(known) if known else None


def retry_after(headers: Mapping[str, str], server_ms: int) -> float | None:
    """Return the seconds of a `Retry-After` header, None where there is none."""
    text = _header(headers, "retry-after")
    return _seconds(text, server_ms) if text else None


def date_ms(headers: Mapping[str, str]) -> int | None:
    """Return the server's time by its `Date` header (to the second; its middle is returned)."""
    moment = _moment(_header(headers, "date"))
    return None if moment is None else int(moment * 1000) + 500


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _is_reset(key: str) -> bool:
    lowered = key.lower()
    return "reset" in lowered and ("limit" in lowered or "rate" in lowered)


def _seconds(text: str, server_ms: int) -> float | None:
    """Return seconds from now of `30`, of an epoch in s or ms, or of an HTTP date."""
    try:
        number = float(text)
    except ValueError:
        moment = _moment(text)
        return None if moment is None else moment - server_ms / 1000
    if number > 1e11:
        return (number - server_ms) / 1000
    return number - server_ms / 1000 if number > 1e9 else number


def _moment(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
