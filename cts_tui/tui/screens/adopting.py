"""Adopting what others have placed: the question names all that the desk will do with it."""

from typing import TYPE_CHECKING, Any

from cts_tui.model.external import ExternalKind, ExternalView
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.external_rows import side_cell
from cts_tui.tui.formats import price_text, quantity_text

if TYPE_CHECKING:
    from cts_tui.tui.screens.desk_screen import DeskScreen

_NOTHING = "put the cursor on something that is not the desk's own: x shows it"


def ask_to_adopt(screen: "DeskScreen[Any]", external: ExternalView | None) -> None:
    """Ask whether to adopt `external`, and pass the answer to the desk."""
    from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

    if external is None:
        screen.notify(_NOTHING, severity="warning")
        return

    def act(answer: Answer | None) -> None:
        if answer is Answer.YES:
            screen.ask(
                lambda desk: desk.externals.adopt(external.id),
                f"adopting {external.kind} {external.symbol} on {external.connection}",
            )

    question = ConfirmModal(f"Adopt this {external.kind}?", adopt_lines(external), yes="Adopt it")
    screen.app.push_screen(question, act)


def ignore(screen: "DeskScreen[Any]", external: ExternalView | None) -> None:
    """Have the desk list `external` no more; nothing happens to it."""
    if external is None:
        screen.notify(_NOTHING, severity="warning")
        return
    screen.ask(
        lambda desk: desk.externals.ignore(external.id),
        f"ignoring {external.kind} {external.symbol} on {external.connection}",
    )


def adopt_lines(external: ExternalView) -> list[Line]:
    """Return what adopting does: connection, symbol, amount, and what follows."""
    amount = f"{quantity_text(external.quantity)} {external.symbol}"
    price = price_text(external.price) if external.price else "none told"
    money = Cell("the account's own money", Tone.LIVE)
    is_order = external.kind is ExternalKind.ORDER
    what = (
        (
            "It becomes the desk's order: cancelled when the",
            "engine stops; what it opens is guarded.",
        )
        if is_order
        else (
            "The desk places a stop and a target at the venue,",
            "and closes it when they are reached.",
        )
    )
    return [
        line(f"{external.kind.title():12}", side_cell(external), f" {amount}"),
        line(f"Connection  {external.connection}"),
        line("Mode        ", money),
        line(f"Price       {price}"),
        line(what[0]),
        line(what[1]),
    ]
