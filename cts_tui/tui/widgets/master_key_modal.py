"""Where the key that encrypts credentials is kept: explained once, chosen by the trader."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from cts_tui.model.vault import KeySource, VaultStatus
from cts_tui.tui.cells import Tone
from cts_tui.tui.session import reason_of
from cts_tui.tui.widgets.choice import Choice
from cts_tui.tui.widgets.confirm_modal import Answer
from cts_tui.tui.widgets.form_field import FormField
from cts_tui.tui.widgets.notice import Notice
from cts_tui.tui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

_WHY = (
    "Credentials are stored encrypted. The key to them is kept apart from them; where, you choose "
    "once. The keyring of the operating system would be best; this machine has none that can be "
    "used, as servers seldom have. (Or leave, and start cts-tui with CTS_MASTER_KEY set.)"
)
_MEANS = {
    KeySource.FILE: "a file in the config folder that only you can read (0600). The engine starts "
    "by itself; whoever gets both that file and the database can read the credentials.",
    KeySource.PASSPHRASE: "asked once at each start, kept in memory only. The strongest; an engine "
    "that starts by itself, after a reboot, cannot use the credentials until you enter it.",
    KeySource.ENV: "the variable CTS_MASTER_KEY of the environment, for systemd or a container: "
    "whoever starts cts-tui keeps the key.",
    KeySource.KEYRING: "the keyring of the operating system, unlocked when you log in.",
}
_UNLOCK = "The stored credentials are locked by your passphrase. It is asked once per start."


class MasterKeyModal(ModalScreen[Answer]):
    """Chooses where the key is kept, or asks for the passphrase; gives yes when it is usable."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="dialog.cancel"),
        Binding("enter", "choose", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    CSS_PATH = "modals.tcss"

    def __init__(self, desk: "Desk") -> None:
        super().__init__()
        self._desk = desk
        self._status: VaultStatus | None = None
        self.explanation = Notice("looking where the key is…")
        self.source = Choice([KeySource.FILE, KeySource.PASSPHRASE], KeySource.FILE, id="source")
        self.meaning = Notice(_MEANS[KeySource.FILE])
        self.passphrase = TextInput(password=True)
        self.again = TextInput(password=True)
        self.refusal = Notice(id="refusal")

    def compose(self) -> ComposeResult:
        """Compose the explanation, the choice and the passphrase."""
        with Vertical(classes="modal -key") as box:
            box.border_title = "The key to your credentials"
            box.border_subtitle = "enter goes on · esc leaves, nothing is stored"
            yield self.explanation
            yield FormField("source", "Kept in", self.source)
            yield FormField("meaning", "", self.meaning)
            yield FormField("passphrase", "Passphrase", self.passphrase)
            yield FormField("again", "Once more", self.again)
            yield self.refusal

    def on_mount(self) -> None:
        """Look where the key is."""
        self.add_class("-no-choice", "-no-passphrase")
        self._start(self._desk.secrets.status)

    def _start(self, work: Callable[[], object]) -> None:
        self.run_worker(work, group="attempt", thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Ask what is to be asked, close when it is done, say why where it is refused."""
        if event.state is WorkerState.ERROR:
            self.refusal.tell(f"✖ {reason_of(event.worker.error)}", Tone.ERROR)
        elif event.state is WorkerState.SUCCESS and isinstance(event.worker.result, VaultStatus):
            self._ask(event.worker.result)
        elif event.state is WorkerState.SUCCESS:
            self._forget()
            self.dismiss(Answer.YES)

    def _ask(self, status: VaultStatus) -> None:
        self._status = status
        if status.source is KeySource.PASSPHRASE:
            self.explanation.tell(_UNLOCK, Tone.PLAIN)
            self.remove_class("-no-passphrase").add_class("-unlock")
            self.passphrase.focus()
        elif status.source is None:
            self.explanation.tell(_WHY, Tone.PLAIN)
            self.remove_class("-no-choice")
            self.source.focus()
        else:
            self.explanation.tell(status.fault, Tone.ERROR)

    @on(Choice.Changed)
    def explain(self, event: Choice.Changed) -> None:
        """Tell what the choice means."""
        source = KeySource(event.value)
        self.meaning.tell(_MEANS[source])
        self.set_class(source is not KeySource.PASSPHRASE, "-no-passphrase")

    @on(Input.Submitted)
    def go_on(self) -> None:
        """Go on from a passphrase to its repetition, then to the end."""
        if self.again.has_focus or self._is_locked:
            self.action_choose()
        else:
            self.again.focus()

    @property
    def _is_locked(self) -> bool:
        return self._status is not None and self._status.source is KeySource.PASSPHRASE

    def action_choose(self) -> None:
        """Keep the key where it was chosen, or unlock it."""
        if self._status is None:
            return
        typed = self.passphrase.value
        if self._is_locked:
            self._start(lambda: self._desk.secrets.unlock(typed))  # no repr tells a closure's words
            return
        source = KeySource(self.source.value)
        if source is KeySource.PASSPHRASE and typed != self.again.value:
            self.refusal.tell("✖ the two passphrases differ", Tone.ERROR)
            return
        self.refusal.tell("◌ making the key…", Tone.WARNING)
        self._start(lambda: self._desk.secrets.use(source, typed))

    def _forget(self) -> None:
        self.passphrase.value = self.again.value = ""

    def action_cancel(self) -> None:
        """Leave; nothing is stored."""
        self._forget()
        self.dismiss(Answer.NO)
