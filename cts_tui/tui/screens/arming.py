"""Live trading on or off: off at once, on after every gate was shown and the name was typed."""

import asyncio
from typing import TYPE_CHECKING, Any

from cts_tui.model.trading import Mode
from cts_tui.model.views import ConnectionView

if TYPE_CHECKING:
    from cts_tui.tui.screens.desk_screen import DeskScreen


def toggle_live(screen: "DeskScreen[Any]", view: ConnectionView) -> None:
    """End live trading at once, or show the gates and ask for the name before it begins."""
    from cts_tui.tui.widgets.confirm_modal import Answer
    from cts_tui.tui.widgets.live_gates_modal import Arming, LiveGatesModal

    name, desk = view.name, screen.session.desk
    if view.live:
        screen.ask(lambda desk: desk.connections.live_off(name), f"{name} is no longer live")
        return
    if desk is None:
        screen.notify("the desk is not open yet", severity="warning")
        return
    modal = LiveGatesModal(
        view,
        read=lambda: Arming(desk.connections.live_gates(name), desk.risk.of(name).limits),
        attempt=lambda typed: desk.connections.live_on(name, confirm=typed),
    )

    def tell(answer: Answer | None) -> None:
        if answer is Answer.YES:
            screen.notify(armed_text(view), severity="warning")
            screen.refresh_now()

    screen.app.push_screen(modal, tell)


def toggle_live_of(screen: "DeskScreen[Any]", name: str | None) -> None:
    """Do the same for a connection by its name; it is looked up first."""
    desk = screen.session.desk
    if name is None or desk is None:
        screen.notify("put the cursor on a row of the connection, or use 2", severity="warning")
        return

    async def look_up() -> None:
        detail = await asyncio.to_thread(desk.connections.detail, name)
        toggle_live(screen, detail.view)

    screen.app.run_worker(look_up(), group="dialog", exclusive=True, exit_on_error=False)


def armed_text(view: ConnectionView) -> str:
    """Return what is true from now on."""
    if view.mode is Mode.TESTNET:
        return f"{view.name} is armed: it trades the exchange's test money"
    return f"{view.name} is LIVE: it trades real money"
