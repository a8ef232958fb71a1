"""What engines write of themselves, as views: nothing is taken for granted.

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
from cts_tui.model.health import Fault, Gravity
from cts_tui.model.views import ProcessorView

Figures = Mapping[str, Any]
_UNKNOWN = "-"


def processors_of(figures: object, connection: str) -> list[ProcessorView]:
    """Return the processors of an engine's or a program's figures (`{"processors": [...]}`)."""
    told = mapping(figures).get("processors")
    return [
        ProcessorView(
            connection=connection,
            name=_text(row.get("name")) or _UNKNOWN,
            cycles=_whole(row.get("cycles")) or 0,
            errors=_whole(row.get("errors")) or 0,
            last_ms=number(row.get("last_ms")),
            median_ms=number(row.get("median_ms")),
            p95_ms=number(row.get("p95_ms")),
            last_error=_text(row.get("last_error")) or None,
            last_error_at_ms=_whole(row.get("last_error_ms")),
            ended_at_ms=_whole(row.get("ended_ms")),
            failed=failed,
            failed_of=failed_of,
        )
        for row in map(mapping, told if isinstance(told, list) else ())
        for failed, failed_of in [_share(row.get("failed_of_last"))]
    ]


def _share(value: object) -> tuple[int, int]:
    """Return `[3, 512]` as it is; whatever else stands there is nothing of nothing."""
    part, whole = map(_whole, value) if isinstance(value, list) and len(value) == 2 else (0, 0)
    return part or 0, whole or 0


def brakes_of(figures: object) -> dict[str, str]:
    """Return why a program opens nothing now, by what found it (`{"brakes": {...}}`)."""
    told = mapping(mapping(figures).get("brakes"))
    return {str(name): _text(reason) for name, reason in told.items()}


def load_of(figures: object) -> tuple[float, float]:
    """Return memory in MB and CPU in percent of a program's figures (`{"process": {...}}`)."""
    process = mapping(mapping(figures).get("process"))
    return number(process.get("rss_mb")) or 0.0, number(process.get("cpu_pct")) or 0.0


def session_of(figures: object) -> SessionFigures:
    """Return the session of an engine's figures (`{"session": {...}}`)."""
    session = mapping(mapping(figures).get("session"))
    return SessionFigures(
        breaker=breaker_of(session),
        limiter=_limiter(mapping(session.get("limiter"))),
        clock_offset_ms=_whole(session.get("clock_offset_ms")),
        calls=_whole(session.get("calls")),
        errors=_whole(session.get("errors")),
        last_error=_text(session.get("last_error")),
    )


def breaker_of(session: Figures) -> BreakerView:
    """Return the circuit breaker of a session; one that is not written of is closed."""
    written = session.get("breaker")
    breaker = mapping(written)
    state = _text(written if isinstance(written, str) else breaker.get("state")) or "closed"
    return BreakerView(
        state=state.lower().replace("_", "-"),
        since_ms=_whole(breaker.get("since_ms")),
        next_try_ms=_whole(breaker.get("next_try_ms")) or None,
        last_error=_text(breaker.get("last_error")) or _text(session.get("last_error")),
    )


def _limiter(limiter: Figures) -> LimiterView:
    waiting = mapping(limiter.get("waiting"))
    waited = mapping(limiter.get("waited_p95_ms"))
    return LimiterView(
        headroom_pct=number(limiter.get("headroom_pct")),
        waiting=tuple((str(name), count) for name in waiting if (count := _whole(waiting[name]))),
        waited_p95_ms=tuple((str(name), p95) for name in waited if (p95 := number(waited[name]))),
        throttled_s=number(limiter.get("throttled_s")) or 0.0,
        share_pct=number(limiter.get("share_pct")),
    )


def feed_of(figures: object, silent_ms: int = 0) -> FeedFigures:
    """Return the feed of an engine's figures (`{"feed": {...}}`), `silent_ms` after it wrote."""
    feed = mapping(mapping(figures).get("feed"))
    told = mapping(feed.get("symbols"))
    symbols = tuple(_symbol(str(name), mapping(told[name]), silent_ms) for name in sorted(told))
    return FeedFigures(
        symbols=symbols,
        states=_states(mapping(feed.get("states"))) or _states(Counter(s.state for s in symbols)),
        reconnects=_whole(feed.get("reconnects")),
        stalls=_whole(feed.get("stalls")),
        gaps_filled=_whole(feed.get("gaps_filled")),
        missing=_whole(feed.get("missing")),
        refused=_total(feed.get("refused")),
        last_error=_text(feed.get("last_error")) or _text(feed.get("stream_error")),
    )


def _states(counts: Figures) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), count) for name in counts if (count := _whole(counts[name])))


def symbol_feeds_of(figures: object) -> tuple[dict[str, SymbolFeed], SymbolFeed | None]:
    """Return the feeds of single symbols, and what stands for those that are not told of.

    A feed of many symbols tells of its worst: the others are no worse than the last of these.
    """
    told = mapping(mapping(mapping(figures).get("feed")).get("symbols"))
    found = {str(name): _symbol(str(name), mapping(told[name]), 0) for name in told}
    total = sum(count for _, count in feed_of(figures).states)
    last = list(found.values())[-1] if found and total > len(found) else None
    return found, last


def gate_states_of(figures: object) -> Counter[str]:
    """Return how many of an engine's profit-factor gates are open, gated, unproven."""
    gates = mapping(figures).get("gates")
    rows = map(mapping, gates if isinstance(gates, list) else ())
    return Counter(_text(row.get("state")) or _UNKNOWN for row in rows)


def faults_of(figures: object) -> list[Fault]:
    """Return the faults that a program tells of itself (`{"faults": [...]}`)."""
    told = mapping(figures).get("faults")
    return [
        Fault(
            rule=_text(row.get("rule")) or _UNKNOWN,
            subject=_text(row.get("subject")) or _UNKNOWN,
            gravity=_gravity(row.get("gravity")),
            message=_text(row.get("message")) or _UNKNOWN,
        )
        for row in map(mapping, told if isinstance(told, list) else ())
    ]


def _gravity(value: object) -> Gravity:
    return Gravity.CRITICAL if value == Gravity.CRITICAL else Gravity.WARNING


def universe_of(figures: object) -> tuple[str, ...]:
    """Return the symbols that an engine trades now (`{"symbols": [...]}`)."""
    symbols = mapping(figures).get("symbols")
    return tuple(str(symbol) for symbol in symbols) if isinstance(symbols, list) else ()


def not_traded_of(figures: object) -> tuple[tuple[str, str], ...]:
    """Return what an engine leaves out, with the reasons (`{"not_traded": {...}}`)."""
    left_out = mapping(mapping(figures).get("not_traded"))
    return tuple((str(symbol), _text(reason)) for symbol, reason in left_out.items())


def filter_error_of(figures: object) -> str:
    """Return why an engine could not choose its symbols anew (`{"renewal_error": ...}`)."""
    return _text(mapping(figures).get("renewal_error"))


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


def mapping(value: object) -> Figures:
    """Return a JSON object; whatever else stands there is an empty one."""
    return value if isinstance(value, Mapping) else {}


def number(value: object) -> float | None:
    """Return a JSON number, None for whatever else stands there."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _whole(value: object) -> int | None:
    found = number(value)
    return None if found is None else round(found)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
