"""The orders of one position, read anew each second; `enter` shows one with its fills."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from cts_tui.model.records import Fill
from cts_tui.model.views import OrderView
from cts_tui.tui.order_facts import order_facts
from cts_tui.tui.order_rows import POSITION_ORDERS
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.detail_modal import DetailModal
from cts_tui.tui.widgets.live_table import LiveTable

_READ_EVERY_S = 1.0
ReadOrders = Callable[[], Sequence[OrderView]]
ReadFills = Callable[[str], Sequence[Fill]]
"""Reads the fills of an order by its client order id. Both block."""


class OrdersModal(ModalScreen[None]):
    """Newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="detail.close"),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, title: str, read: ReadOrders, fills: ReadFills, now_ms: int) -> None:
        super().__init__()
        self._title = title
        self._read = read
        self._fills = fills
        self._now_ms = now_ms
        self._reading: Worker[Sequence[OrderView]] | None = None
        self.table: LiveTable[OrderView] = LiveTable(
            POSITION_ORDERS, lambda o: o.client_order_id, title="Orders", empty=("reading…",)
        )

    def compose(self) -> ComposeResult:
        """Compose the table."""
        with Vertical(classes="modal -wide -limits") as box:
            box.border_title = self._title
            box.border_subtitle = "enter shows one with its fills · esc closes"
            yield self.table

    def on_mount(self) -> None:
        """Read at once, and on time from now on."""
        self._read_again()
        self.set_interval(_READ_EVERY_S, self._read_again)

    def _read_again(self) -> None:
        if self._reading is None or self._reading.is_finished:
            self._reading = self.run_worker(
                self._read, group="reading", thread=True, exclusive=True, exit_on_error=False
            )

    @on(LiveTable.Selected)
    def read_fills(self, event: LiveTable.Selected) -> None:
        """Read the fills of the chosen order."""
        if isinstance(event.row, OrderView):
            self.run_worker(
                partial(self._with_fills, event.row), group="fills", thread=True, exclusive=True,
                exit_on_error=False,
            )  # fmt: skip

    def _with_fills(self, order: OrderView) -> tuple[OrderView, Sequence[Fill]]:
        return order, self._fills(order.client_order_id)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or why nothing was."""
        result = event.worker.result
        if event.state is WorkerState.ERROR:
            self.notify(reason_of(event.worker.error), severity="error")
        elif event.state is WorkerState.SUCCESS and event.worker is self._reading:
            self.table.set_empty("no order is kept of it: it was taken over, or is older")
            self.table.update_rows(result or [], self._now_ms)
        elif event.state is WorkerState.SUCCESS and event.worker.group == "fills" and result:
            order, fills = result
            title = f"Order {order.purpose} {order.symbol}"
            self.app.push_screen(DetailModal(title, order_facts(order, fills)))

    def action_close(self) -> None:
        """Go back to the position."""
        self.dismiss(None)
