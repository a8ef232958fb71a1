"""Connections, their feeds and tests as the screens show them: columns, and cells that say why."""

from textwrap import wrap

from cts_tui.model.connection_test import ConnectionTest, StepResult, StepStatus
from cts_tui.model.connection_view import (
    BreakerView,
    ConnectionDetail,
    SymbolFeed,
    is_template,
)
from cts_tui.model.trading import EngineStatus
from cts_tui.model.views import ConnectionView
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.formats import NONE, age_cell, age_text, millis_cell, one_line, time_text
from cts_tui.tui.states import engine_cell, live_cell, mode_cell, source_cell
from cts_tui.tui.widgets.columns import Column

_VERDICTS = {
    StepStatus.PASS: Cell("● pass", Tone.GOOD),
    StepStatus.WARN: Cell("◐ warn", Tone.WARNING),
    StepStatus.FAIL: Cell("✖ FAIL", Tone.LIVE),
    StepStatus.SKIP: Cell("○ skip", Tone.MUTED),
}
_FEED_TONES = {"stream": Tone.GOOD, "rest": Tone.PLAIN, "quiet": Tone.MUTED, "dead": Tone.LIVE,
               "halted": Tone.WARNING}  # fmt: skip
_NAME_WIDTH = 15
"""Room for the name of a test's step."""


def verdict_cell(status: StepStatus) -> Cell:
    """Return how a step or a whole test ended."""
    return _VERDICTS[status]


def last_test_cell(test: ConnectionTest | None, now_ms: int) -> Cell:
    """Return how the last test ended and how long ago: `pass 3h`; `never` without one."""
    if test is None:
        return Cell("never", Tone.MUTED)
    verdict = _VERDICTS[test.status]
    return Cell(f"{verdict.text[2:]} {age_text(now_ms - test.time_ms)}", verdict.tone)


def down_text(breaker: BreakerView, now_ms: int) -> str:
    """Return `down since 17:02:00, next try in 12s`; empty while calls go out."""
    if breaker.is_closed:
        return ""
    text = "down" if breaker.state == "open" else "trying again"
    if breaker.since_ms is not None:
        text += f", since {time_text(breaker.since_ms, now_ms)}"
    if breaker.next_try_ms is not None:
        wait_ms = breaker.next_try_ms - now_ms
        text += f", next try in {age_text(wait_ms)}" if wait_ms > 0 else ", trying now"
    return text.replace("down, since", "down since")


def state_cell(connection: ConnectionDetail, now_ms: int) -> Cell:
    """Return what the engine says, or for how long the exchange has been down."""
    breaker, view = connection.session.breaker, connection.view
    if view.status in (EngineStatus.STOPPED, EngineStatus.FAILED) or breaker.is_closed:
        return engine_cell(view.status)
    age = "" if breaker.since_ms is None else f" {age_text(now_ms - breaker.since_ms)}"
    return Cell(f"✖ down{age}", Tone.LIVE)


def feed_cell(connection: ConnectionDetail, _: int = 0) -> Cell:
    """Return where prices come from and how old the oldest is: `stream 2s`, `3 dead`."""
    view, feeds = connection.view, connection.feed.symbols
    if view.status is EngineStatus.STOPPED:
        return NONE
    if dead := dict(connection.feed.states).get("dead"):
        return Cell(f"{dead} dead", Tone.LIVE)
    source = source_cell(view.feed_source)
    ages = [feed.age_ms for feed in feeds if feed.age_ms is not None and feed.state != "quiet"]
    return Cell(f"{source.text} {age_text(max(ages))}", source.tone) if ages else source


def says_cell(connection: ConnectionDetail, now_ms: int) -> Cell:
    """Return what the trader should know of it first: it is down, its last error, what to do."""
    breaker, view = connection.session.breaker, connection.view
    if view.status is not EngineStatus.STOPPED and not breaker.is_closed:
        why = f": {one_line(breaker.last_error)}" if breaker.last_error else ""
        return Cell(down_text(breaker, now_ms) + why, Tone.ERROR)
    if view.last_error:
        return Cell(one_line(view.last_error), Tone.ERROR)
    if is_template(view):
        return Cell("template: enter completes it", Tone.MUTED)
    return NONE


def enabled_cell(view: ConnectionView) -> Cell:
    """Return whether the trader wants it to run."""
    return Cell("yes", Tone.GOOD) if view.enabled else Cell("no", Tone.MUTED)


def symbols_text(connection: ConnectionDetail) -> str:
    """Return the symbols, or the filter with how many it chose."""
    view = connection.view
    traded = connection.universe or view.symbols
    symbols = ", ".join(traded)
    if not view.symbols_filter:
        return symbols or "-"
    if not traded:
        return f"by the filter {view.symbols_filter}: chosen when the connection is enabled"
    return f"{len(traded)} by the filter {view.symbols_filter}: {symbols}"


def _count(connection: ConnectionDetail) -> Cell:
    traded = connection.universe or connection.view.symbols
    is_open = connection.view.symbols_filter and not traded
    return Cell("filter", Tone.MUTED) if is_open else Cell(f"{len(traded):,}")


_C = Column[ConnectionDetail]
CONNECTIONS = (
    _C("name", "Name", lambda c, _: Cell(c.view.name, Tone.STRONG), 10, 1, 24,
       order=lambda c: c.view.name),
    _C("enabled", "Enabled", lambda c, _: enabled_cell(c.view), 7, 1,
       order=lambda c: not c.view.enabled),
    _C("mode", "Mode", lambda c, _: mode_cell(c.view), 5, 1, order=lambda c: c.view.mode),
    _C("live", "Live", lambda c, _: live_cell(c.view), 4, 1, order=lambda c: not c.view.live),
    _C("status", "Engine", state_cell, 10, 1, is_timed=True, order=lambda c: c.view.status),
    _C("feed", "Feed", feed_cell, 9, 2, is_timed=True, order=lambda c: c.view.feed_source),
    _C("test", "Test", lambda c, now: last_test_cell(c.view.last_test, now), 8, 2, is_timed=True,
       order=lambda c: c.view.last_test.time_ms if c.view.last_test else 0),
    _C("exchange", "Exchange", lambda c, _: Cell(c.view.exchange), 8, 6,
       order=lambda c: c.view.exchange),
    _C("market", "Market", lambda c, _: Cell(c.view.market, Tone.MUTED), 6, 7),
    _C("symbols", "Symbols", lambda c, _: _count(c), 7, 6, is_number=True,
       order=lambda c: len(c.view.symbols)),
    _C("open", "Open", lambda c, _: Cell(str(c.view.open_positions)), 4, 4, is_number=True,
       order=lambda c: c.view.open_positions),
    _C("heartbeat", "Seen", lambda c, now: age_cell(c.view.heartbeat_ms, now), 4, 5,
       is_number=True, is_timed=True, order=lambda c: c.view.heartbeat_ms),
    _C("says", "What it says", says_cell, 10, 3, 36, is_flexible=True, is_timed=True),
)  # fmt: skip
"""Connections: what is wanted of them, and what their engines say."""


def _state(feed: SymbolFeed) -> Cell:
    return Cell(feed.state, _FEED_TONES.get(feed.state, Tone.PLAIN))


def _age(age_ms: int | None) -> Cell:
    return NONE if age_ms is None else Cell(age_text(age_ms))


_F = Column[SymbolFeed]
SYMBOL_FEEDS = (
    _F("symbol", "Symbol", lambda f, _: Cell(f.symbol, Tone.STRONG), 12, 1, 24,
       order=lambda f: f.symbol),
    _F("state", "State", lambda f, _: _state(f), 6, 1, order=lambda f: f.state),
    _F("age", "Age", lambda f, _: _age(f.age_ms), 4, 1, is_number=True,
       order=lambda f: f.age_ms or 0),
    _F("candle", "Candle", lambda f, _: _age(f.candle_age_ms), 6, 2, is_number=True,
       order=lambda f: f.candle_age_ms or 0),
    _F("note", "Note", lambda f, _: Cell(one_line(f.note) or "-", Tone.MUTED), 10, 3, 20,
       is_flexible=True),
)  # fmt: skip
"""The feeds of one connection, symbol by symbol."""

_T = Column[StepResult]
STEPS = (
    _T("name", "Step", lambda s, _: Cell(s.name), 12, 1, 20),
    _T("status", "Result", lambda s, _: verdict_cell(s.status), 6, 1),
    _T("took", "ms", lambda s, _: _took(s), 5, 2, is_number=True),
    _T("message", "Found", lambda s, _: Cell(one_line(s.message) or "-"), 20, 1, 30,
       is_flexible=True),
)  # fmt: skip
"""The steps of a connection test."""


def _took(step: StepResult) -> Cell:
    return millis_cell(step.duration_ms) if step.status is not StepStatus.SKIP else NONE


def step_lines(step: StepResult, width: int) -> list[Line]:
    """Return one step with what was found and, below it, what to do; wrapped to `width`."""
    verdict = verdict_cell(step.status)
    head = (verdict, Cell(f"  {step.name:<{_NAME_WIDTH}}"))
    indent = len(verdict.text) + 2 + max(_NAME_WIDTH, len(step.name))
    took = f" ({_took(step).text}\u00a0ms)" if step.status is not StepStatus.SKIP else ""
    found = wrap(one_line(step.message) + took, max(width - indent, 20)) or [""]
    lines: list[Line] = [(*head, Cell(found[0], _found_tone(step)))]
    lines += [(Cell(" " * indent), Cell(piece, _found_tone(step))) for piece in found[1:]]
    for index, piece in enumerate(wrap(one_line(step.todo), max(width - indent - 2, 20))):
        lines.append((Cell(" " * indent), Cell(("  " if index else "→ ") + piece, Tone.TITLE)))
    return lines


def _found_tone(step: StepResult) -> Tone:
    return Tone.MUTED if step.status is StepStatus.SKIP else Tone.PLAIN
