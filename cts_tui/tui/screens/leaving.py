"""The question before a screen is left that holds something unsaved."""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from cts_tui.tui.cells import line


def ask_to_leave(screen: Screen[Any], loss: str, leave: Callable[[], object]) -> None:
    """Ask whether to leave although `loss`; `leave` is called on yes."""
    from cts_tui.tui.widgets.confirm_modal import Answer, ConfirmModal

    def act(answer: Answer | None) -> None:
        if answer is Answer.YES:
            leave()

    question = ConfirmModal("Leave without saving?", [line(loss)], yes="Leave", no="Stay")
    screen.app.push_screen(question, act)
