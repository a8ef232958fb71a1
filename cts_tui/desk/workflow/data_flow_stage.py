"""The data flow: what runs has fresh candles, indications and prices, and how many signals."""

from collections.abc import Mapping
from typing import Any, Final

from cts_tui.clock import iso_from_ms
from cts_tui.desk.workflow.liveness import Liveness, look_if_readable
from cts_tui.desk.workflow.subject import Finding, SoundConnection, Subject, summed_up
from cts_tui.model.connection_test import StepStatus
from cts_tui.model.market import PRICE_STALE_MS, Source, timeframe_ms
from cts_tui.store import data_flow
from cts_tui.store.data_flow import Flow
from cts_tui.store.engine_figures import feed_of, universe_of

_STALE_CANDLES: Final = 2
"""A candle that closed more timeframes ago than this is stale (S8)."""
_GRACE_MS: Final = 30_000
_DAY_MS: Final = 86_400_000
_BACKFILL_MS: Final = 120_000
_LISTED: Final = 4


def judge(subject: Subject) -> Finding:
    """Judge what has lately come through; where nothing runs there is nothing to judge."""
    seen = look_if_readable(subject)
    if seen is None:
        return Finding(StepStatus.SKIP, "not tried: it is not known what runs, see coordination")
    judged = [one for one in subject.enabled if one.setup.name in seen.running]
    if not judged:
        return _not_tried(subject, seen)
    failures: list[str] = []
    warnings: list[str] = []
    figures = {}
    for one in judged:
        flow = _read(subject, one, seen.now_ms)
        figures[one.setup.name] = _figures(flow, seen.now_ms)
        failures += _failures(one, flow, seen)
        warnings += _warnings(one, flow, seen)
    passed = f"{', '.join(figures)}: fresh candles, indications and prices"
    return summed_up(failures, warnings, passed, figures={"connections": figures})


def _not_tried(subject: Subject, seen: Liveness) -> Finding:
    if not subject.enabled:
        return Finding(StepStatus.SKIP, "not tried: no connection is enabled and in order")
    if seen.owners:
        return Finding(StepStatus.SKIP, "not tried: no engine is at work yet, see coordination")
    return Finding(StepStatus.SKIP, "not tried: no engine runs", "start one: cts-tui run")


def _read(subject: Subject, one: SoundConnection, now_ms: int) -> Flow:
    with subject.store.read() as transaction:
        return data_flow.flow(
            transaction,
            one.setup.id,
            one.setup.timeframe,
            candles_since_ms=now_ms - _window_ms(one),
            signals_since_ms=now_ms - _DAY_MS,
        )


def _window_ms(one: SoundConnection) -> int:
    """Return how long ago the newest candle may have opened."""
    return (_STALE_CANDLES + 1) * timeframe_ms(one.setup.timeframe) + _GRACE_MS


def _figures(flow: Flow, now_ms: int) -> Mapping[str, Any]:
    stale = [symbol for symbol, at in flow.prices.items() if now_ms - at > PRICE_STALE_MS]
    return {
        "last_candle": None if flow.candle_ms is None else iso_from_ms(flow.candle_ms),
        "last_indication": None if flow.indication_ms is None else iso_from_ms(flow.indication_ms),
        "last_signal": None if flow.signal_ms is None else iso_from_ms(flow.signal_ms),
        "signals_24h": flow.signals,
        "symbols": len(flow.fresh),
        "prices": len(flow.prices),
        "stale_prices": len(stale),
    }


def _failures(one: SoundConnection, flow: Flow, seen: Liveness) -> list[str]:
    """Return what of the flow has stopped."""
    name = one.setup.name
    if not flow.fresh and _missing(one, flow, seen) - _quiet(name, seen):
        since = "at all" if flow.candle_ms is None else f"since {iso_from_ms(flow.candle_ms)}"
        return [f"{name}: no candle {since}; see its feed: connections show {name}"]
    if _lag_ms(flow) > timeframe_ms(one.setup.timeframe) and not _is_young(one, seen):
        return [
            f"{name}: the indications do not keep up with the candles; see the processor "
            "indication: cts-tui health"
        ]
    return []


def _warnings(one: SoundConnection, flow: Flow, seen: Liveness) -> list[str]:
    """Return what is to be known of a flow that goes on."""
    name, found = one.setup.name, []
    if seen.engines[name].feed_source == Source.SYNTHETIC:
        found.append(f"{name} walks on synthetic prices; it connects again by itself")
    if missing := _missing(one, flow, seen):
        found.append(
            f"{name}: no candle lately of {_listed(missing)}; a quiet market, or see its feed: "
            f"connections show {name}"
        )
    if _lag_ms(flow) > timeframe_ms(one.setup.timeframe) and _is_young(one, seen):
        found.append(f"{name}: the indications of its history are being computed; test again")
    return found


def _lag_ms(flow: Flow) -> int:
    """Return how far the newest indication is behind the newest candle."""
    return 0 if flow.candle_ms is None else flow.candle_ms - (flow.indication_ms or 0)


def _missing(one: SoundConnection, flow: Flow, seen: Liveness) -> set[str]:
    """Return the watched symbols that had no candle lately."""
    watched = universe_of(seen.figures.get(one.setup.name)) or one.setup.symbols
    return set(watched) - flow.fresh


def _quiet(name: str, seen: Liveness) -> set[str]:
    """Return the symbols of which the feed says that nobody trades them just now."""
    feeds = feed_of(seen.figures.get(name)).symbols
    return {feed.symbol for feed in feeds if feed.state in ("quiet", "halted")}


def _is_young(one: SoundConnection, seen: Liveness) -> bool:
    """Return whether an engine may still be at work on the indications of its history."""
    started_ms = seen.engines[one.setup.name].started_ms
    return started_ms is None or seen.now_ms - started_ms < _BACKFILL_MS


def _listed(symbols: set[str]) -> str:
    names = sorted(symbols)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
