"""What engines write of their session and feed, as views: nothing is taken for granted.

An engine of an older version writes less, one that has just started nothing at all.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cts_tui.model.connection_view import (
    BreakerView,
    FeedFigures,
    LimiterView,
    SessionFigures,
    SymbolFeed,
)

Figures = Mapping[str, Any]
_UNKNOWN = "-"


def session_of(figures: object) -> SessionFigures:
    """Return the session of an engine's figures (`{"session": {...}}`)."""
    session = _mapping(_mapping(figures).get("session"))
    return SessionFigures(
        breaker=breaker_of(session),
        limiter=_limiter(_mapping(session.get("limiter"))),
        clock_offset_ms=_whole(session.get("clock_offset_ms")),
        calls=_whole(session.get("calls")),
        errors=_whole(session.get("errors")),
        last_error=_text(session.get("last_error")),
    )


def breaker_of(session: Figures) -> BreakerView:
    """Return the circuit breaker of a session; one that is not written of is closed."""
    written = session.get("breaker")
    breaker = _mapping(written)
    state = _text(written if isinstance(written, str) else breaker.get("state")) or "closed"
    return BreakerView(
        state=state.lower().replace("_", "-"),
        since_ms=_whole(breaker.get("since_ms")),
        next_try_ms=_whole(breaker.get("next_try_ms")) or None,
        last_error=_text(breaker.get("last_error")) or _text(session.get("last_error")),
    )


def _limiter(limiter: Figures) -> LimiterView:
    waiting = _mapping(limiter.get("waiting"))
    waited = _mapping(limiter.get("waited_p95_ms"))
    return LimiterView(
        headroom_pct=_number(limiter.get("headroom_pct")),
        waiting=tuple((str(name), count) for name in waiting if (count := _whole(waiting[name]))),
        waited_p95_ms=tuple((str(name), p95) for name in waited if (p95 := _number(waited[name]))),
        throttled_s=_number(limiter.get("throttled_s")) or 0.0,
        share_pct=_number(limiter.get("share_pct")),
    )


def feed_of(figures: object, silent_ms: int = 0) -> FeedFigures:
    """Return the feed of an engine's figures (`{"feed": {...}}`), `silent_ms` after it wrote."""
    feed = _mapping(_mapping(figures).get("feed"))
    told = _mapping(feed.get("symbols"))
    symbols = tuple(_symbol(str(name), _mapping(told[name]), silent_ms) for name in sorted(told))
    return FeedFigures(
        symbols=symbols,
        states=_states(_mapping(feed.get("states"))) or _states(Counter(s.state for s in symbols)),
        reconnects=_whole(feed.get("reconnects")),
        stalls=_whole(feed.get("stalls")),
        gaps_filled=_whole(feed.get("gaps_filled")),
        missing=_whole(feed.get("missing")),
        refused=_total(feed.get("refused")),
        last_error=_text(feed.get("last_error")) or _text(feed.get("stream_error")),
    )


def _states(counts: Figures) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), count) for name in counts if (count := _whole(counts[name])))


def universe_of(figures: object) -> tuple[str, ...]:
    """Return the symbols that an engine trades now (`{"symbols": [...]}`)."""
    symbols = _mapping(figures).get("symbols")
    return tuple(str(symbol) for symbol in symbols) if isinstance(symbols, list) else ()


def not_traded_of(figures: object) -> tuple[tuple[str, str], ...]:
    """Return what an engine leaves out, with the reasons (`{"not_traded": {...}}`)."""
    left_out = _mapping(_mapping(figures).get("not_traded"))
    return tuple((str(symbol), _text(reason)) for symbol, reason in left_out.items())


def filter_error_of(figures: object) -> str:
    """Return why an engine could not choose its symbols anew (`{"renewal_error": ...}`)."""
    return _text(_mapping(figures).get("renewal_error"))


def _symbol(name: str, said: Figures, silent_ms: int) -> SymbolFeed:
    return SymbolFeed(
        symbol=name,
        state=_text(said.get("state")) or _UNKNOWN,
        age_ms=_aged(_whole(said.get("age_ms")), silent_ms),
        candle_age_ms=_aged(_whole(said.get("candle_age_ms")), silent_ms),
        note=_text(said.get("last_error")) or _text(said.get("note")),
    )


def _aged(age_ms: int | None, silent_ms: int) -> int | None:
    return None if age_ms is None else age_ms + silent_ms


def _total(value: object) -> int | None:
    """Return a count, or the sum of counts by reason."""
    if isinstance(value, Mapping):
        return sum(_whole(count) or 0 for count in value.values())
    return _whole(value)


def _mapping(value: object) -> Figures:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
