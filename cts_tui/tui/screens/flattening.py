"""Flattening: close everything of a connection, or of all, after the name was typed."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cts_tui.model.trading import Mode
from cts_tui.model.views import ConnectionView, PositionView
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import count_text, direction_cell, gain_cell, quantity_text
from cts_tui.tui.states import position_mode

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.tui.screens.desk_screen import DeskScreen

ALL: Final = "ALL"
"""What is typed to close everything of all connections, as the desk expects it."""
_MOST_POSITIONS: Final = 6


class Subject(NamedTuple):
    """What could be closed: one connection, and all there are."""

    view: ConnectionView | None
    """None where there is no connection under the cursor."""
    positions: tuple[PositionView, ...]
    """All open positions, of every connection."""
    modes: dict[str, Mode]

    @property
    def own(self) -> tuple[PositionView, ...]:
        """The positions of the one connection."""
        name = self.view.name if self.view else ""
        return tuple(one for one in self.positions if one.connection == name)


def ask_to_flatten(screen: "DeskScreen[Any]", name: str | None) -> None:
    """Read what is open, then ask which name to close."""
    desk = screen.session.desk
    if desk is None:
        screen.notify("the desk is not open yet", severity="warning")
        return
    screen.app.run_worker(
        _ask(screen, desk, name), group="dialog", exclusive=True, exit_on_error=False
    )


async def _ask(screen: "DeskScreen[Any]", desk: "Desk", name: str | None) -> None:
    from cts_tui.tui.widgets.confirm_modal import Answer
    from cts_tui.tui.widgets.flatten_progress import FlattenProgress
    from cts_tui.tui.widgets.typed_name_modal import TypedNameModal

    subject = await asyncio.to_thread(read_subject, desk, name)
    closing: list[str] = []

    def attempt(typed: str) -> None:
        if typed == ALL or subject.view is None:
            found = desk.controls.flatten_all(typed)
        else:
            found = (desk.controls.flatten(subject.view.name, confirm=typed),)
        closing.extend(one.connection for one in found)

    title = "Close everything at market?"
    asked = subject.view.name if subject.view else ALL
    question = TypedNameModal(title, flatten_lines(subject), name=asked, attempt=attempt)
    if await screen.app.push_screen_wait(question) is not Answer.YES:
        return
    screen.refresh_now()
    if closing:
        await screen.app.push_screen_wait(FlattenProgress(closing, desk.summary))
    else:
        screen.notify("nothing to close: no connection holds a position or has an entry resting")


def read_subject(desk: "Desk", name: str | None) -> Subject:
    """Read the connections and what is open; blocks."""
    views = {view.name: view for view in desk.connections.list()}
    held = tuple(desk.positions.list(is_open=True, limit=5_000))
    shown = tuple(one for one in held if one.connection in views)
    return Subject(views.get(name or ""), shown, {view.name: view.mode for view in views.values()})


def flatten_lines(subject: Subject) -> list[Line]:
    """Return what is closed: connection, mode, positions, and how to close all instead."""
    view, own, everything = subject.view, subject.own, subject.positions
    lines: list[Line] = []
    if view is not None:
        live = ", live trading ends" if view.live else ""
        lines += [
            line("Connection  ", Cell(view.name, Tone.STRONG), f"  {view.exchange} {view.market}"),
            line(f"Mode        {view.mode}{live} - ", _money(own)),
            *_position_lines(own),
            (),
        ]
    names = sorted({one.connection for one in everything})
    where = f"{count_text(len(everything), 'position')} of {count_text(len(names), 'connection')}"
    lines.append(line("All         ", Cell(where, Tone.STRONG), " - ", _money(everything)))
    if view is None:
        modes = [f"{name} ({subject.modes[name]})" for name in names]
        lines += [line(f"            {text}") for text in modes[:_MOST_POSITIONS]]
    lines += [
        (),
        line("Entries are cancelled and positions closed at market until"),
        line("the exchange confirms. It survives a restart."),
        line(Cell("Type ", Tone.MUTED), *_words(view), Cell(":", Tone.MUTED)),
    ]
    return lines


def _words(view: ConnectionView | None) -> Line:
    every = (Cell(ALL, Tone.STRONG), Cell(" for all of them", Tone.MUTED))
    if view is None:
        return every
    return (Cell(view.name, Tone.STRONG), Cell(" for this one, ", Tone.MUTED), *every)


def _money(positions: Sequence[PositionView]) -> Cell:
    """Return how many of the positions are real money."""
    real = sum(one.is_live and not one.is_test_money for one in positions)
    if real:
        return Cell(f"{real} with real money", Tone.LIVE)
    if any(one.is_test_money for one in positions):
        return Cell("test money", Tone.TESTNET)
    return Cell("no real money", Tone.MUTED)


def _position_lines(positions: Sequence[PositionView]) -> list[Line]:
    if not positions:
        return [line("Positions   none; entries on their way are cancelled")]
    lines = [
        line(
            "Positions   " if not index else "            ",
            direction_cell(one.side),
            f" {quantity_text(one.held)} {one.symbol}  ",
            position_mode(one),
            "  ",
            gain_cell(one.pnl),
        )
        for index, one in enumerate(positions[:_MOST_POSITIONS])
    ]
    more = len(positions) - _MOST_POSITIONS
    return [*lines, line(f"            and {more} more")] if more > 0 else lines
