"""Closing a position by hand: the question names everything that the answer moves."""

from typing import TYPE_CHECKING, Any

from cts_tui.model.trading import PositionStatus, Side
from cts_tui.model.views import PositionView
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import direction_cell, gain_cell, price_text, quantity_text
from cts_tui.tui.states import money_cell, position_mode

if TYPE_CHECKING:
    from cts_tui.tui.screens.desk_screen import DeskScreen


def ask_to_close(screen: "DeskScreen[Any]", position: PositionView | None) -> None:
    """Ask whether to close `position`, and pass the answer to the desk."""
    from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

    if position is None or position.status is not PositionStatus.OPEN:
        screen.notify("put the cursor on an open position to close it", severity="warning")
        return

    def act(answer: Answer | None) -> None:
        if answer is Answer.YES:
            screen.ask(
                lambda desk: desk.positions.close(position.id),
                f"closing {position.symbol} on {position.connection}",
            )

    question = ConfirmModal("Close this position?", close_lines(position), yes="Close it")
    screen.app.push_screen(question, act)


def close_lines(position: PositionView) -> list[Line]:
    """Return what closing does: connection, symbol, amount, mode, price and gain."""
    order = Side.to_close(position.side).upper()
    amount = f"{quantity_text(position.held)} {position.symbol}"
    mark = price_text(position.mark_price) if position.mark_price else "no price"
    return [
        line("Position    ", direction_cell(position.side), f" {amount}"),
        line(f"Order       {order} {amount} at the market"),
        line(f"Connection  {position.connection}"),
        line("Mode        ", position_mode(position), " - ", money_cell(position)),
        line(f"Mark        {mark}", Cell("  STALE", Tone.STALE) if position.is_stale else ""),
        line("PnL now     ", gain_cell(position.pnl)),
    ]
