"""The workflow test from a screen: opened over it, run by the desk."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cts_tui.tui.screens.desk_screen import DeskScreen


def test_workflow(screen: "DeskScreen[Any]") -> None:
    """Run the workflow test over a screen, and read that anew afterwards."""
    from cts_tui.tui.widgets.workflow_modal import WorkflowModal

    desk = screen.session.desk
    if desk is None:
        screen.notify("the desk is not open yet", severity="warning")
        return
    modal = WorkflowModal(lambda on_step: desk.workflow.run(on_step=on_step))
    screen.app.push_screen(modal, lambda _result: screen.refresh_now())
