"""What the trader does to a connection in dialogs, wherever it is shown: add, edit, test, arm."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App

from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import ConnectionTest
from cts_tui.model.credentials import Credentials
from cts_tui.model.views import ConnectionView
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import count_text
from cts_tui.tui.screens.form_subject import Subject, new_subject, stored_subject

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.tui.screens.desk_screen import DeskScreen

Tell = Callable[[str], object]
"""Tells what was done; the first word is the connection's name."""


def add(app: App[Any], desk: "Desk", tell: Tell) -> None:
    """Ask which exchange, then for the rest."""
    _begin(app, _add(app, desk, tell))


async def _add(app: App[Any], desk: "Desk", tell: Tell) -> None:
    from cts_tui.tui.widgets.exchange_picker import ExchangePicker

    choices = await asyncio.to_thread(desk.drafts.exchanges)
    exchange = await app.push_screen_wait(ExchangePicker(choices))
    if exchange:
        ids = tuple(choice.id for choice in choices)
        await _fill_in(app, desk, partial(new_subject, desk, exchange, ids), tell)


def edit(app: App[Any], desk: "Desk", name: str, tell: Tell) -> None:
    """Open the form on a stored connection."""
    _begin(app, _fill_in(app, desk, partial(stored_subject, desk, name), tell))


async def _fill_in(app: App[Any], desk: "Desk", read: Callable[[], Subject], tell: Tell) -> None:
    """Open the form on what `read` gives in a thread."""
    from cts_tui.tui.screens.connection_form import ConnectionForm

    done = await app.push_screen_wait(ConnectionForm(desk, await asyncio.to_thread(read)))
    if done:
        tell(done)


def test(app: App[Any], desk: "Desk", name: str, done: Callable[[], object]) -> None:
    """Test a stored connection; `done` is called when its result was seen."""
    from cts_tui.tui.widgets.connection_test_modal import ConnectionTestModal

    note = "The result is kept: the list and the connection's detail show it."
    modal = ConnectionTestModal(name, partial(desk.tests.run, name), note=note)

    def go_on(_: ConnectionTest | None) -> None:
        done()

    app.push_screen(modal, go_on)


def try_draft(
    app: App[Any], desk: "Desk", draft: ConnectionDraft, credentials: Credentials
) -> None:
    """Test what a form says before it is saved."""
    from cts_tui.tui.widgets.connection_test_modal import ConnectionTestModal

    note = "Nothing is saved yet: esc, then ctrl+s saves."
    run = partial(desk.tests.try_draft, draft, credentials)
    app.push_screen(ConnectionTestModal(draft.name, run, note=note))


def _begin(app: App[Any], dialog: Coroutine[Any, Any, None]) -> None:
    app.run_worker(dialog, group="dialog", exclusive=True, exit_on_error=False)


def toggled(view: ConnectionView) -> "DeskScreen.Asked":
    """Return the message that asks the desk to enable a connection, or to disable it."""
    from cts_tui.tui.screens.desk_screen import DeskScreen

    name = view.name
    if view.enabled:
        return DeskScreen.Asked(lambda desk: desk.connections.disable(name), f"{name} is disabled")
    return DeskScreen.Asked(lambda desk: desk.connections.enable(name), f"{name} is enabled")


def remove(screen: "DeskScreen[Any]", view: ConnectionView) -> None:
    """Ask whether to remove a connection; one with open positions stays."""
    from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

    name, held = view.name, view.open_positions
    if held:
        screen.notify(
            f"{name} has {count_text(held, 'open position')}: close them first (3, then c)",
            severity="warning",
        )
        return

    def act(answer: Answer | None) -> None:
        if answer is Answer.YES:
            screen.ask(lambda desk: desk.connections.remove(name), f"{name} is removed")

    screen.app.push_screen(
        ConfirmModal("Remove this connection?", removal_lines(view), yes="Remove"), act
    )


def removal_lines(view: ConnectionView) -> list[Line]:
    """Return what goes with a connection."""
    return [
        line("Connection  ", Cell(view.name, Tone.STRONG)),
        line(f"Exchange    {view.exchange}, {view.market}, mode {view.mode}"),
        (),
        line("Its credentials, candles, signals, orders and closed"),
        line("positions are deleted from this desk."),
        line("At the exchange nothing changes."),
    ]
