"""The alerts, over any screen: what stands, all of late, acknowledging one."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.model.alerts import Alert
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.alert_rows import ALERTS, alert_facts
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_READ_EVERY_S = 1.0
_MOST = 500
_STANDING, _ALL = "those that stand", "also those that are over"


class AlertsModal(ModalScreen[None]):
    """Newest first, read anew each second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.ALERTS),
        Binding("escape,q", "close", "Close", id="detail.close"),
    ]
    CSS_PATH = "../widgets/modals.tcss"

    def __init__(self, desk: "Desk", now_ms: int) -> None:
        """`now_ms` is the desk's time, from which ages go on."""
        super().__init__()
        self._desk = desk
        self._now_ms = now_ms
        self._opened_s = time.monotonic()
        self._is_all = False
        self._reading: Worker[Sequence[Alert]] | None = None
        self.table: LiveTable[Alert] = LiveTable(
            ALERTS, lambda a: a.id, title="Alerts", empty=("reading…",)
        )

    def compose(self) -> ComposeResult:
        """Compose the table."""
        with Vertical(classes="modal -wide -limits") as box:
            box.border_title = "Alerts"
            box.border_subtitle = (
                "enter shows one · a acknowledges · t all or standing · esc closes"
            )
            yield self.table

    def on_mount(self) -> None:
        """Read at once, and on time from now on."""
        self.table.set_note(_STANDING)
        self._read_again()
        self.set_interval(_READ_EVERY_S, self._read_again)

    def _read_again(self) -> None:
        if self._reading is None or self._reading.is_finished:
            self._reading = self.run_worker(
                self._read, group="reading", thread=True, exclusive=True, exit_on_error=False
            )

    def _read(self) -> Sequence[Alert]:
        alerts = self._desk.alerts
        return alerts.list(_MOST) if self._is_all else alerts.standing(_MOST)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or why nothing was, or what came of the wish."""
        if event.state is WorkerState.ERROR:
            self.notify(reason_of(event.worker.error), severity="error", markup=False)
        elif event.state is not WorkerState.SUCCESS:
            return
        elif event.worker.group == "acknowledging":
            self._read_again()
        elif event.worker is self._reading:
            self._show(event.worker.result or [])

    def _show(self, alerts: Sequence[Alert]) -> None:
        self.table.set_empty("no alert was ever raised" if self._is_all else "no alert stands")
        now_ms = self._now_ms + round((time.monotonic() - self._opened_s) * 1000)
        self.table.update_rows(alerts, now_ms)

    @on(LiveTable.Selected)
    def show_one(self, event: LiveTable.Selected) -> None:
        """Show everything about the chosen alert."""
        if isinstance(event.row, Alert):
            self.app.push_screen(DetailModal(f"Alert {event.row.rule}", alert_facts(event.row)))

    def action_toggle_all(self) -> None:
        """Show what is over too, or only what stands."""
        self._is_all = not self._is_all
        self.table.set_note(_ALL if self._is_all else _STANDING)
        self._read_again()

    def action_acknowledge(self) -> None:
        """Say that the alert under the cursor is known."""
        alert = self.table.cursor_row
        if alert is None or alert.id is None:
            self.notify("there is no alert to acknowledge", severity="warning")
            return
        alert_id = alert.id
        self.run_worker(
            lambda: self._desk.alerts.ack(alert_id),
            group="acknowledging", thread=True, exit_on_error=False,
        )  # fmt: skip

    def action_close(self) -> None:
        """Go back to the screen."""
        self.dismiss(None)
