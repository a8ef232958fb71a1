"""What a ccxt feed says of itself: JSON-able, the worst symbols first, so that it stays small."""

from collections.abc import Mapping
from typing import Any, Final

from cts_tui.market.ccxt_feed_intake import Intake, monotonic_ms
from cts_tui.market.ccxt_feed_liveness import Pulse
from cts_tui.market.ccxt_feed_polls import Polls
from cts_tui.market.ccxt_feed_streams import Streams

_MOST_SYMBOLS: Final = 50
_RANK: Final = {
    pulse.value: rank
    for rank, pulse in enumerate((Pulse.HALTED, Pulse.DEAD, Pulse.REST, Pulse.QUIET, Pulse.STREAM))
}
"""The worst first."""


def feed_figures(
    intake: Intake, streams: Streams, polls: Polls, left_out: Mapping[str, str]
) -> dict[str, Any]:
    """Return the figures of a feed: counts over all symbols, details of up to fifty."""
    assemblies = intake.assemblies.values()
    rows = {one: _row(one, intake, is_streaming=streams.is_up) for one in intake.symbols}
    for symbol, reason in left_out.items():
        rows[symbol] = {**rows.get(symbol, {}), "state": Pulse.HALTED.value, "note": reason}
    for symbol, reason in polls.rest.faults.items():
        if symbol in rows:
            rows[symbol].setdefault("note", reason)
    states = [row["state"] for row in rows.values()]
    worst = sorted(rows, key=lambda one: (_RANK[rows[one]["state"]], -(_age(rows[one]))))
    refused_streams = streams.refused.items()
    return {
        "is_streaming": streams.is_up,
        "states": {state: states.count(state) for state in sorted(set(states))},
        "symbols": {symbol: rows[symbol] for symbol in worst[:_MOST_SYMBOLS]},
        "reconnects": streams.reconnects,
        "stalls": polls.stalls,
        "gaps_filled": sum(one.filled for one in assemblies),
        "missing": sum(one.missing for one in assemblies),
        "corrected": sum(one.corrected for one in assemblies),
        "refused": _refused(intake),
        "by_rest_only": {f"{kind} {symbol}": why for (kind, symbol), why in refused_streams},
        "stream_error": streams.last_error,
        "last_error": polls.last_error,
    }


def _age(row: Mapping[str, Any]) -> int:
    return row.get("age_ms") or 0


def _refused(intake: Intake) -> dict[str, int]:
    """Return how much was refused, by reason."""
    refused: dict[str, int] = {str(reason): n for reason, n in intake.gate.refused.items()}
    for assembly in intake.assemblies.values():
        for fault, count in assembly.refused.items():
            refused[str(fault)] = refused.get(str(fault), 0) + count
    return refused


def _row(symbol: str, intake: Intake, *, is_streaming: bool) -> dict[str, Any]:
    """Return one symbol's figures; a candle's age counts from its close."""
    assembly, now_ms = intake.assemblies[symbol], monotonic_ms()
    last, server_now_ms = assembly.last, intake.session.server_now_ms()
    return {
        "state": intake.liveness.pulse(symbol, now_ms, is_streaming=is_streaming).value,
        "age_ms": intake.liveness.age_ms(symbol, now_ms),
        "candle_age_ms": None if last is None else server_now_ms - last.time_ms - intake.step_ms,
        "filled": assembly.filled,
        "missing": assembly.missing,
        "refused": sum(assembly.refused.values()),
    }
