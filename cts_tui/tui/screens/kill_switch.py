"""The kill switch: both ways are asked, and the question says what stops and what does not."""

from typing import TYPE_CHECKING, Any

from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import count_text

if TYPE_CHECKING:
    from cts_tui.tui.screens.desk_screen import DeskScreen


def ask_about_kill_switch(screen: "DeskScreen[Any]") -> None:
    """Ask whether to engage the kill switch, or to release it."""
    from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

    summary, is_killed = screen.session.summary, screen.session.is_killed
    if summary is None:
        screen.notify("the desk is not open yet", severity="warning")
        return

    def act(answer: Answer | None) -> None:
        if answer is not Answer.YES:
            return
        if is_killed:
            screen.ask(lambda desk: desk.controls.revive(), "entries are allowed again")
        else:
            screen.ask(lambda desk: desk.controls.kill(), "KILLED: no new entries anywhere")

    title = "Release the kill switch?" if is_killed else "Engage the kill switch?"
    lines = revive_lines(summary) if is_killed else kill_lines(summary)
    question = ConfirmModal(title, lines, yes="Release" if is_killed else "KILL")
    screen.app.push_screen(question, act)


def kill_lines(summary: DeskSummary) -> list[Line]:
    """Return what engaging does."""
    live = [one.name for one in summary.live if one.is_on]
    lines = [
        line(Cell("No new position is opened", Tone.STRONG), " on any connection, paper or live,"),
        line("until the switch is released. It survives a restart."),
        line(Cell("Entries on their way are cancelled", Tone.STRONG), " everywhere, at the"),
        line("exchanges too."),
    ]
    if live:
        lines += [
            line(Cell("Live trading ends", Tone.LIVE), f" on {', '.join(live)}: L arms it again."),
        ]
    return [
        *lines,
        (),
        line(
            f"{count_text(summary.open_positions, 'open position')} stay open: stops, targets and"
        ),
        line("exits go on. F closes everything, c one position."),
    ]


def revive_lines(summary: DeskSummary) -> list[Line]:
    """Return what releasing does."""
    enabled = count_text(summary.connections_enabled, "enabled connection")
    return [
        line(f"New signals open positions again on {enabled},"),
        line(Cell("on paper only: ", Tone.STRONG), "live trading stays off until L arms it again."),
    ]
