"""The form of a connection: what is connected, how, and with which credentials."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button
from textual.worker import Worker, WorkerState

from cts_tui.errors import LockedError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_view import DraftFault
from cts_tui.model.trading import Mode
from cts_tui.tui.actions import Where, bindings_for
from cts_tui.tui.cells import Tone
from cts_tui.tui.formats import count_text
from cts_tui.tui.screens import connection_dialogs as dialogs
from cts_tui.tui.screens.form_subject import Checked, Place, Subject, judged, place_of
from cts_tui.tui.screens.leaving import ask_to_leave
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.connection_fields import ConnectionFields
from cts_tui.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_PAUSE_S = 0.15
"""The form is checked when nothing was typed for so long."""


class ConnectionForm(ModalScreen[str | None]):
    """A full screen of fields; gives what saving tells, or None when nothing was saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for(Where.FORM),
        Binding("escape", "leave", "Leave", id="dialog.cancel"),
    ]
    CSS_PATH = "connection_form.tcss"
    AUTO_FOCUS = ""

    def __init__(self, desk: "Desk", subject: Subject) -> None:
        super().__init__()
        self._desk = desk
        self._subject = subject
        self._is_new = subject.is_new
        self._pause: Timer | None = None
        self._usual: ConnectionDraft | None = None
        """What is usual where it trades: a field that still says so follows to another place."""
        self._looked_up: Place | None = None
        self._faults: list[DraftFault] = []
        self._refused: ConnectionDraft | None = None
        """What the desk has refused: why stays to be read until it is changed."""
        self._next: Callable[[], None] | None = None
        """What the trader asked for: it follows the check that finds no fault."""
        self.fields = ConnectionFields(
            subject.draft, is_new=subject.is_new, stored=subject.stored,
            exchanges=subject.exchanges,
        )  # fmt: skip
        self.verdict = Notice(id="verdict")

    def compose(self) -> ComposeResult:
        """Compose the fields above the verdict and the buttons."""
        with Vertical(id="form") as box:
            box.border_title = self._subject.title
            box.border_subtitle = "tab next · f8 next fault · esc leaves"
            yield self.fields
            with Horizontal(id="form-end"):
                yield self.verdict
                yield Button("Test (f5)", id="test", compact=True)
                yield Button("Save (ctrl+s)", id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Check what the form begins with."""
        (self.fields.connection_name if self._is_new else self.fields.mode).focus()
        self._check()

    @on(ConnectionFields.Changed)
    def check_soon(self) -> None:
        """Check once the trader pauses."""
        if self._pause:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE_S, self._check)

    def _check(self) -> None:
        self._pause = None
        self._start("checking", partial(judged, self._desk, self.fields.draft, is_new=self._is_new))

    def _start(self, group: str, work: Callable[[], Any]) -> None:
        self.run_worker(work, group=group, thread=True, exclusive=True, exit_on_error=False)

    def _checked(self, checked: Checked) -> None:
        if checked.usual:
            self._follow(checked.draft, checked.usual)
        self._faults = [*self.fields.local_faults(), *checked.faults]
        self.fields.show_faults(self._faults)
        if checked.draft != self.fields.draft:
            return  # something was typed meanwhile: the next check is on its way
        following, self._next = self._next, None
        if self._faults:
            self._tell_faults(is_asked=following is not None)
        elif following:
            following()
        elif checked.draft != self._refused:
            end = "saved disabled" if self._is_new else "saving turns live trading off"
            self.verdict.tell(f"● no faults; {end}", Tone.GOOD)

    def _tell_faults(self, *, is_asked: bool) -> None:
        """Tell how many faults there are; go to the first where the trader wanted to go on."""
        others = [fault.message for fault in self._faults if not fault.field]
        faults = count_text(len(self._faults), "fault")
        self.verdict.tell(f"✖ {others[0] if others else faults}", Tone.ERROR)
        if is_asked:
            self.fields.focus_fault()
            self.notify(f"not yet: {faults}, f8 goes there", severity="warning")

    def _follow(self, draft: ConnectionDraft, usual: ConnectionDraft) -> None:
        """Suggest what is usual at another exchange or market; look up which keys it wants."""
        if self._usual and place_of(self._usual) != place_of(usual):
            self.fields.suggest(self._usual, usual)
        self._usual = usual
        if draft.mode is not Mode.PAPER and place_of(draft) != self._looked_up:
            self._looked_up = place_of(draft)
            self.fields.show_capabilities(None, f"looking up what {draft.exchange} wants…")
            self._start("looking-up", partial(self._desk.tests.capabilities, *place_of(draft)))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what a check, a look-up or an attempt to save came to."""
        worker, error = event.worker, event.worker.error
        if event.state is WorkerState.SUCCESS:
            match worker.result:
                case Checked() as checked:
                    self._checked(checked)
                case str() as done:
                    self.fields.forget_secrets()
                    self.dismiss(done)
                case able if worker.group == "looking-up":
                    self.fields.show_capabilities(able)
                    self._check()
        elif event.state is WorkerState.ERROR and worker.group == "looking-up":
            self._looked_up = None
            self.fields.show_capabilities(None, reason_of(error))
        elif event.state is WorkerState.ERROR and isinstance(error, LockedError):
            self._ask_for_key(str(error))
        elif event.state is WorkerState.ERROR:
            self._refused = self.fields.draft
            self.verdict.tell(f"✖ {reason_of(error)}", Tone.ERROR)

    def action_next_fault(self) -> None:
        """Go to the next field that has a fault."""
        self.fields.focus_fault()

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        """Check, and save unless something is wrong."""
        self._next = self._save
        self._check()

    def _save(self) -> None:
        self.verdict.tell("◌ saving…", Tone.WARNING)
        draft, credentials = self.fields.draft, self.fields.credentials
        save = self._desk.drafts.save
        self._start("attempt", partial(save, draft, credentials, is_new=self._is_new))

    @on(Button.Pressed, "#test")
    def action_test(self) -> None:
        """Check, and test what the fields say; nothing is saved."""
        self._next = self._test
        self._check()

    def _test(self) -> None:
        dialogs.try_draft(self.app, self._desk, self.fields.draft, self.fields.credentials)

    def _ask_for_key(self, reason: str) -> None:
        from cts_tui.tui.widgets.confirm_modal import Answer
        from cts_tui.tui.widgets.master_key_modal import MasterKeyModal

        def go_on(answer: Answer | None) -> None:
            if answer is Answer.YES:
                self.action_save()

        self.verdict.tell(f"✖ {reason}", Tone.ERROR)
        self.app.push_screen(MasterKeyModal(self._desk), go_on)

    def action_leave(self) -> None:
        """Leave; what is not saved is asked about."""
        if self.fields.is_changed:
            ask_to_leave(self, "What you have entered is lost.", self._leave)
        else:
            self._leave()

    def _leave(self) -> None:
        self.fields.forget_secrets()
        self.dismiss(None)
