"""What a connection's session and feed have been through, as JSON and as people read it."""

from typing import Any

from cts_tui.cli.options import iso_or_none
from cts_tui.cli.tables import short_time
from cts_tui.model.connection_view import ConnectionDetail, FeedFigures, SessionFigures

Row = dict[str, Any]


def session_row(session: SessionFigures) -> Row:
    """Return the session with the exchange: breaker, budget, clock, calls."""
    breaker, limiter = session.breaker, session.limiter
    return {
        "breaker": breaker.state,
        "since": iso_or_none(breaker.since_ms),
        "next_try": iso_or_none(breaker.next_try_ms),
        "headroom_pct": limiter.headroom_pct,
        "share_pct": limiter.share_pct,
        "throttled_s": limiter.throttled_s,
        "waiting": dict(limiter.waiting),
        "waited_p95_ms": dict(limiter.waited_p95_ms),
        "clock_offset_ms": session.clock_offset_ms,
        "calls": session.calls,
        "errors": session.errors,
        "last_error": session.last_error or None,
    }


def detail_rows(detail: ConnectionDetail) -> Row:
    """Return what a connection is through beyond its own row."""
    return {
        "traded": list(detail.universe),
        "not_traded": dict(detail.not_traded),
        "session": session_row(detail.session),
        "feed": feed_row(detail.feed),
    }


def feed_row(feed: FeedFigures) -> Row:
    """Return the feed: every symbol, and what was mended or refused."""
    return {
        "states": dict(feed.states),
        "reconnects": feed.reconnects,
        "stalls": feed.stalls,
        "gaps_filled": feed.gaps_filled,
        "missing": feed.missing,
        "refused": feed.refused,
        "last_error": feed.last_error or None,
        "symbols": [
            {
                "symbol": symbol.symbol,
                "state": symbol.state,
                "age_ms": symbol.age_ms,
                "candle_age_ms": symbol.candle_age_ms,
            }
            for symbol in feed.symbols
        ],
    }


def session_facts(detail: ConnectionDetail) -> Row:
    """Return session and feed, one fact a line."""
    session = detail.session
    facts = {
        "calls_go_out": _answer(detail),
        "headroom_pct": session.limiter.headroom_pct,
        "clock_offset_ms": session.clock_offset_ms,
        "feed": ", ".join(f"{count} {state}" for state, count in detail.feed.states),
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _answer(detail: ConnectionDetail) -> str:
    """Return whether calls go out to the exchange; empty where there is no session with one."""
    breaker = detail.session.breaker
    if breaker.is_closed:
        return "yes" if detail.session.calls else ""
    since, then = (short_time(iso_or_none(ms)) for ms in (breaker.since_ms, breaker.next_try_ms))
    return f"no, {breaker.state} since {since}, next try {then}: {breaker.last_error or 'unknown'}"
