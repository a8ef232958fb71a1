"""The gates of live trading as lines: pass or FAIL, what was found, and what to do about it."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from cts_tui.model.connection_test import StepStatus
from cts_tui.model.gate import Gate
from cts_tui.model.limits import RiskLimits
from cts_tui.model.trading import Mode
from cts_tui.model.views import ConnectionView
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.connection_rows import verdict_cell
from cts_tui.tui.formats import count_text, one_line
from cts_tui.tui.limit_rows import limits_text
from cts_tui.tui.states import mode_cell
from cts_tui.tui.widgets.detail import Fact

CONFIRMATION: Final = "confirmation"
"""The gate that the typed name opens: it is not listed, the input stands below."""
_NAME_WIDTH: Final = 12
_INDENT: Final = 8 + _NAME_WIDTH
_MOST_SYMBOLS: Final = 6
_KEYS: Final = {
    "enabled": "esc, then e enables it",
    "mode": "esc, then E: choose testnet or live",
    "credentials": "esc, then E: enter an API key",
    "tested": "esc, then t tests it",
    "clock": "esc, then t measures it; set this machine's clock by NTP",
    "kill switch": "esc, then K releases it",
    "loss limits": "esc, then l shows them, z begins anew",
}
"""What to do on the screens, where a command line would name a command."""
_START: Final = "esc, then e enables it; R starts an engine where none runs"


def arming_facts(view: ConnectionView, limits: RiskLimits | None) -> list[Fact]:
    """Return what would trade: connection, mode, market, symbols, limits in force."""
    money = {
        Mode.LIVE: Cell(f"{view.mode}: orders move real money", Tone.LIVE),
        Mode.TESTNET: Cell(f"{view.mode}: orders move the exchange's test money", Tone.TESTNET),
        Mode.PAPER: mode_cell(view),
    }
    held = count_text(view.open_positions, "open position")
    shown = ", ".join(view.symbols[:_MOST_SYMBOLS])
    more = len(view.symbols) - _MOST_SYMBOLS
    symbols = f"{shown} and {more} more" if more > 0 else shown
    chosen = f"by the filter {view.symbols_filter}" if view.symbols_filter else symbols
    limited = "reading…" if limits is None else limits_text(limits)
    return [
        Fact("Connection", Cell(view.name, Tone.STRONG), is_long=True),
        Fact("Mode", money[view.mode], is_long=True),
        Fact("Market", Cell(f"{view.exchange} {view.market}, {held}"), is_long=True),
        Fact("Symbols", Cell(chosen or "-"), is_long=True),
        Fact("Limits", Cell(limited), is_long=True),
    ]


def gate_lines(gates: Sequence[Gate], width: int) -> list[Line]:
    """Return every gate, the closed ones first, wrapped to `width`."""
    listed = [gate for gate in gates if gate.name != CONFIRMATION]
    ordered = sorted(listed, key=lambda gate: gate.is_open)
    return [each for gate in ordered for each in _lines(gate, width)]


def _lines(gate: Gate, width: int) -> list[Line]:
    room = max(width - _INDENT, 20)
    found = wrap(one_line(gate.message), room) or [""]
    head = (gate_verdict(gate), Cell(f"  {gate.name:<{_NAME_WIDTH}}"))
    lines: list[Line] = [(*head, Cell(found[0]))]
    lines += [(Cell(" " * _INDENT), Cell(piece)) for piece in found[1:]]
    todo = "" if gate.is_open else _todo(gate)
    for index, piece in enumerate(wrap(one_line(todo), room - 2)):
        lines.append((Cell(" " * _INDENT), Cell(("  " if index else "→ ") + piece, Tone.TITLE)))
    return lines


def _todo(gate: Gate) -> str:
    """Return what to do here, not on a command line."""
    is_stopped = gate.name == "engine" and "cts-tui run" in gate.todo
    return _START if is_stopped else _KEYS.get(gate.name, gate.todo)


def gate_verdict(gate: Gate) -> Cell:
    """Return `● pass`, `◐ warn` or `✖ FAIL`."""
    if not gate.is_open:
        return verdict_cell(StepStatus.FAIL)
    return verdict_cell(StepStatus.WARN if gate.is_warning else StepStatus.PASS)


def gates_verdict(gates: Sequence[Gate], name: str) -> Line:
    """Return whether the name is all that is missing."""
    closed = sum(not gate.is_open for gate in gates if gate.name != CONFIRMATION)
    if closed:
        return (Cell(f"{count_text(closed, 'gate')} closed: live trading stays off", Tone.ERROR),)
    passed = count_text(sum(gate.name != CONFIRMATION for gate in gates), "gate")
    return (Cell(f"all {passed} open. ", Tone.GOOD), Cell("To begin, type "),
            Cell(name, Tone.STRONG), Cell(", then enter:"))  # fmt: skip
