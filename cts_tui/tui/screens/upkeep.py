"""Repair and backup from a screen: opened over it, done by the desk in a thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import ModalScreen

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.tui.screens.desk_screen import DeskScreen


def plan_repair(screen: "DeskScreen[Any]") -> None:
    """Look through the store over a screen, show what can be mended, ask, and mend it."""
    from cts_tui.tui.widgets.repair_modal import RepairModal

    _open(screen, lambda desk: RepairModal(desk.repairs.plan, desk.repairs.mend))


def make_backup(screen: "DeskScreen[Any]") -> None:
    """Make a backup over a screen; it is finished also where the dialog is left."""
    from cts_tui.tui.widgets.backup_modal import BackupModal

    _open(screen, lambda desk: BackupModal(desk.backups.make))


def _open(screen: "DeskScreen[Any]", make: "Callable[[Desk], ModalScreen[Any]]") -> None:
    desk = screen.session.desk
    if desk is None:
        screen.notify("the desk is not open yet", severity="warning")
        return
    screen.app.push_screen(make(desk), lambda _result: screen.refresh_now())
