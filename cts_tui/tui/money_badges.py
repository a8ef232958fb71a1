"""What the header says of real money: what trades at an exchange, and what is wrong with it."""

from collections.abc import Sequence
from typing import Final

from cts_tui.model.gate import Flattening
from cts_tui.model.live_view import LiveConnection
from cts_tui.model.trading import Mode
from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import Cell, Line, Tone
from cts_tui.tui.formats import count_text

SHORTEST: Final = 3
"""From which shortness on figures stand in place of names."""
_MOST_NAMED: Final = 2
_MOST_OF_A_NAME: Final = 16
_MODES: Final = (
    (Mode.LIVE, "LIVE", Tone.BADGE_LIVE),
    (Mode.TESTNET, "TESTNET", Tone.BADGE_TESTNET),
)


def money_badges(summary: DeskSummary, shortness: int) -> Line:
    """Return ` LIVE: binance-1 (2 positions) ` and the like; empty while all is on paper.

    The greater `shortness` (0 to 4), the fewer words.
    """
    badges: list[Cell] = []
    for mode, word, tone in _MODES:
        live = [one for one in summary.live if one.mode is mode]
        is_dropped = bool(badges) and shortness > SHORTEST  # LIVE says enough
        if live and not is_dropped:
            badges.append(Cell(f" {_said(word, live, shortness)} ", tone))
    return spaced(badges)


def _said(word: str, live: Sequence[LiveConnection], shortness: int) -> str:
    held = sum(one.positions for one in live)
    left = "" if any(one.is_on for one in live) else " left"
    if shortness >= SHORTEST:
        return f"{word} ×{len(live)} ({held}{left})"
    if len(live) > _MOST_NAMED or (shortness and len(live) > 1):
        positions = str(held) if shortness else count_text(held, "position")
        return f"{word}: {count_text(len(live), 'connection')} ({positions}{left})"
    return f"{word}: {', '.join(_named(one, shortness) for one in live)}"


def _named(one: LiveConnection, shortness: int) -> str:
    """Return one connection with what it holds; `left` where live trading is off already."""
    positions = str(one.positions) if shortness else count_text(one.positions, "position")
    left = "" if one.is_on else " left"
    return f"{_cut(one.name) if shortness else one.name} ({positions}{left})"


def warning_badges(summary: DeskSummary, shortness: int, *, is_killed: bool) -> Line:
    """Return what the trader must know before anything else, most important first."""
    words: list[str] = []
    if summary.brakes:
        words.append(_braked(summary.brakes, shortness))
    if summary.flattening:
        words.append(_flattening(summary.flattening, shortness))
    if bare := sum(one.unprotected for one in summary.live):
        words.append(f"{bare} UNPROTECTED")
    if unknown := sum(one.unknown_orders for one in summary.live):
        order = "" if shortness else " ORDER" if unknown == 1 else " ORDERS"
        words.append(f"{unknown} UNKNOWN{order}")
    if apart := [one.name for one in summary.live if not one.is_reconciled]:
        words.append(_unreconciled(apart, shortness))
    if grave := summary.alerts.critical:
        words.append(f"✖ {grave}" if shortness > SHORTEST else f"✖ {grave} CRITICAL")
    killed = [Cell(" KILLED ", Tone.BADGE_KILLED)] if is_killed else []
    if shortness > SHORTEST and words:
        words = [" · ".join(words)]
    return spaced([*killed, *(Cell(f" {word} ", Tone.BADGE_STALE) for word in words)])


def _braked(names: Sequence[str], shortness: int) -> str:
    return "NO ENTRIES" if shortness >= SHORTEST else f"NO ENTRIES: {', '.join(names).upper()}"


def _flattening(closing: Sequence[Flattening], shortness: int) -> str:
    left = sum(one.positions + one.orders for one in closing)
    if shortness > SHORTEST:
        return f"CLOSING {left}"
    if shortness == SHORTEST:
        return f"FLATTENING {left}"
    of = closing[0].connection if len(closing) == 1 else count_text(len(closing), "connection")
    return f"FLATTENING {_cut(of)}: {left} left"


def _unreconciled(names: Sequence[str], shortness: int) -> str:
    if shortness >= SHORTEST:
        return "UNRECONCILED"
    return f"NOT RECONCILED: {', '.join(names)}" if not shortness else "NOT RECONCILED"


def spaced(badges: Sequence[Cell]) -> Line:
    """Return badges with a gap between them, so that two of one colour are two."""
    cells: list[Cell] = []
    for badge in badges:
        cells += [Cell(" "), badge] if cells else [badge]
    return tuple(cells)


def _cut(name: str) -> str:
    return name if len(name) <= _MOST_OF_A_NAME else f"{name[: _MOST_OF_A_NAME - 1]}…"
