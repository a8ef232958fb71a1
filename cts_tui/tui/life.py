"""The life of the app: open the desk in a thread, run the engine beside the screen, leave in order.

Nothing here blocks the UI loop: whatever asks the desk or the engine runs in a worker's thread.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import App
from textual.worker import Worker, WorkerCancelled, WorkerFailed, WorkerState

from cts_tui.model.alerts import Alert
from cts_tui.tui.alert_toasts import AlertToasts
from cts_tui.tui.screens.desk_screen import DeskScreen
from cts_tui.tui.session import EngineState, Session, reason_of

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.desk.engine_host import EngineHost

_ALERTS_EVERY_S = 2.0

OpenDesk = Callable[[], "tuple[Desk, EngineHost]"]
Opened = tuple["Desk", "EngineHost", bool]
"""The open desk, its engine, and whether the engine is to run in this process."""


class LivingApp(App[None]):
    """An app around one desk and, unless another process has it, one engine."""

    def __init__(self, open_desk: OpenDesk, session: Session) -> None:
        super().__init__()
        self.session = session
        self.is_detached = False
        """Whether the screen ended and left the engine running."""
        self._open_desk = open_desk
        self._opening: Worker[Opened] | None = None
        self._engine: Worker[None] | None = None
        self._is_leaving = False
        self._toasts = AlertToasts()
        self._alerts: Worker[list[Alert]] | None = None
        self._ui_loop: asyncio.AbstractEventLoop | None = None

    def on_mount(self) -> None:
        """Open the desk once the first frame is painted."""
        self._ui_loop = asyncio.get_running_loop()
        self.call_after_refresh(self.open)

    @property
    def desk_screen(self) -> DeskScreen[Any]:
        """The screen of the desk that is in front, or behind a dialog."""
        return cast("DeskScreen[Any]", self.screen_stack[0])

    # -- opening ------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the desk in a thread."""
        self._opening = self.run_worker(
            self._open, group="opening", thread=True, exit_on_error=False
        )

    def _open(self) -> Opened:
        desk, host = self._open_desk()
        return desk, host, host.is_needed()

    def _opening_ended(self, worker: Worker[Any]) -> None:
        if self._is_leaving:
            return
        if worker.result is None:
            self._not_opened(worker.error)
        else:
            self._opened(worker.result)

    def _opened(self, opened: Opened) -> None:
        desk, host, is_needed = opened
        self.session.desk, self.session.host = desk, host
        if is_needed:
            self._run_engine(host)
        else:
            self._set_engine(EngineState.ATTACHED)
        self.set_interval(_ALERTS_EVERY_S, self._read_alerts)
        self.desk_screen.refresh_now()

    def _not_opened(self, error: BaseException | None) -> None:
        from cts_tui.tui.screens.message import MessageScreen

        advice = "r tries again   q quits"
        self.push_screen(
            MessageScreen("The desk does not open", reason_of(error), advice=advice, is_fault=True)
        )

    def action_open_again(self) -> None:
        """Try again to open the desk."""
        if self._opening and self._opening.is_finished and self.session.desk is None:
            self.pop_screen()
            self.open()

    # -- alerts -------------------------------------------------------------------------------

    def _read_alerts(self) -> None:
        """Read what stands, whatever is in front: behind a dialog the screens do not read."""
        desk = self.session.desk
        if desk and (self._alerts is None or self._alerts.is_finished):
            self._alerts = self.run_worker(
                desk.alerts.standing, group="alerts", thread=True, exit_on_error=False
            )

    def _tell_alerts(self, standing: Sequence[Alert]) -> None:
        for toast in self._toasts.look(standing, time.monotonic()):
            self.notify(
                toast.message, title=toast.title, timeout=15 if toast.is_grave else 8,
                severity="error" if toast.is_grave else "warning", markup=False,
            )  # fmt: skip

    # -- the engine ---------------------------------------------------------------------------

    def _run_engine(self, host: "EngineHost") -> None:
        self._set_engine(EngineState.STARTING)
        self._engine = self.run_worker(
            host.run, name="engine", group="engine", thread=True, exit_on_error=False
        )

    def _set_engine(self, state: EngineState) -> None:
        self.session.engine = state
        self.desk_screen.show_header()
        self.refresh_bindings()

    def _engine_ended(self, worker: Worker[Any]) -> None:
        if worker is not self._engine or self._is_leaving:
            return
        if worker.state is WorkerState.ERROR:
            self._set_engine(EngineState.FAILED)
            reason = reason_of(worker.error)
            self.notify(f"the engine failed: {reason} - R starts it again", severity="error",
                        timeout=20)  # fmt: skip
        else:
            self._set_engine(EngineState.STOPPED)
            self.notify("the engine stopped - R starts it again", severity="warning")

    def action_start_engine(self) -> None:
        """Start the engine again, unless another process has done so."""
        host = self.session.host
        if host and self.session.is_engine_startable:
            self.run_worker(host.is_needed, group="starting", thread=True, exit_on_error=False)

    def _start_if_needed(self, *, is_needed: bool) -> None:
        host = self.session.host
        if host and is_needed and self.session.is_engine_startable:
            self._run_engine(host)
        elif not is_needed:
            self._set_engine(EngineState.ATTACHED)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to start the engine only where none runs."""
        return self.session.is_engine_startable if action == "start_engine" else True

    # -- workers and messages -----------------------------------------------------------------

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Go on when the desk is open, the engine ended, or the desk answered."""
        worker = event.worker
        is_error = event.state is WorkerState.ERROR
        if not self.is_running or not (is_error or event.state is WorkerState.SUCCESS):
            return
        if worker.group == "engine":
            self._engine_ended(worker)
        elif worker.group == "opening":
            self._opening_ended(worker)
        elif worker.group == "alerts":
            if not is_error:  # a store that fails is told of by the screen that reads it
                self._tell_alerts(worker.result or ())
        elif is_error:
            self.notify(reason_of(worker.error), severity="error", timeout=10)
        elif worker.group == "starting":
            self._start_if_needed(is_needed=bool(worker.result))
        elif worker.group == "asking":
            self.notify(str(worker.result))
            self.desk_screen.refresh_now()

    @on(DeskScreen.Asked)
    def ask_desk(self, event: DeskScreen.Asked) -> None:
        """Ask the desk for a change, in a thread."""
        desk = self.session.desk
        if desk is None:
            self.notify("the desk is not open yet", severity="warning")
            return

        def ask() -> str:
            event.ask(desk)
            return event.done

        self.run_worker(ask, group="asking", thread=True, exit_on_error=False)

    @on(DeskScreen.ReadFailed)
    def tell_read_failed(self, event: DeskScreen.ReadFailed) -> None:
        """Say once why a reading failed; the next ones go on."""
        self.notify(f"reading failed, trying again: {event.reason}", severity="error")

    # -- leaving ------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Stop the engine in order, close the desk, and leave."""
        if not self._is_leaving:
            self._is_leaving = True
            self.run_worker(self._leave(), group="leaving")

    async def _leave(self) -> None:
        desk, host, engine = self.session.desk, self.session.host, self._engine
        self.session.desk = None  # nothing reads or asks from here on
        if engine and not engine.is_finished:
            self._say_stopping()
        await self._settle("opening", "reading", "asking", "starting", "attempt", "alerts")
        if host and engine and not engine.is_finished:
            await self._in_thread(host.stop)
            await self._settle("engine")
        if desk is None and self._opening and self._opening.result:
            desk = self._opening.result[0]
        if desk:
            await self._in_thread(desk.close)
        self.exit(return_code=0 if desk else 1)

    def _say_stopping(self) -> None:
        from cts_tui.tui.screens.message import MessageScreen

        self._set_engine(EngineState.STOPPING)
        self.push_screen(MessageScreen("Leaving", "stopping the engine…"))

    async def _settle(self, *groups: str) -> None:
        """Wait until the workers of `groups` are done, well or not."""
        for worker in [worker for worker in self.workers if worker.group in groups]:
            try:
                await worker.wait()
            except (WorkerFailed, WorkerCancelled) as error:
                self.log(error)

    async def _in_thread(self, work: Callable[[], object]) -> None:
        try:
            await self.run_worker(work, group="closing", thread=True, exit_on_error=False).wait()
        except WorkerFailed as error:
            self.exit(return_code=1, message=f"leaving: {error.error}")

    def detach(self) -> None:
        """End the screen and leave the engine running; may be called from any thread."""
        self.is_detached = True
        self._is_leaving = True
        if self._ui_loop:
            self._ui_loop.call_soon_threadsafe(self.exit)
