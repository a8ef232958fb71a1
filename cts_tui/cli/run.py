"""Opening the desk, and running the engine without a screen. Imports no Typer: it starts first."""

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cts_tui.errors import ConfigError, CtsError, LockedError, StoreError
from cts_tui.paths import DataFolder, data_folder, theme_folders

if TYPE_CHECKING:
    from types import FrameType

    from cts_tui.desk.desk import Desk
    from cts_tui.desk.engine_host import EngineHost
    from cts_tui.tui.app import CtsApp

_STATUS_EVERY_S: Final = 3.0


def open_or_run(note: str = "") -> int:
    """Open the desk on this terminal; without one, run the engine. Returns the exit code."""
    if all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        return open_app(data_folder(), note)
    _print("cts-tui: no terminal here, so this runs the engine as `cts-tui run` does")
    return run_engine(data_folder())


def demo() -> int:
    """Open the demo on a data folder that is thrown away at the end."""
    os.environ.pop("CTS_DATABASE_URL", None)  # a demo never plays on the trader's own database
    with tempfile.TemporaryDirectory(prefix="cts-tui-demo-") as folder:
        os.environ["CTS_DATA_DIR"] = folder
        return open_or_run("demo")


def open_app(folder: DataFolder, note: str = "") -> int:
    """Show the desk. When the terminal goes away, the engine goes on without it."""
    from cts_tui.tui.app import CtsApp

    passphrase = _passphrase(folder)

    def open_desk() -> "tuple[Desk, EngineHost]":
        desk, host = _open(folder, "tui")
        if passphrase:
            desk.secrets.unlock(passphrase)
        return desk, host

    look = _look()
    app = CtsApp(open_desk, look.theme, theme_folders(), note, look.keys)
    with _signals_for(app):
        app.run()
    return app.return_code or 0


def _passphrase(folder: DataFolder) -> str:
    """Return the passphrase of the stored credentials, asked for before the screen takes over."""
    from cts_tui.cli.passphrase import has_locked_credentials, unlock_on_terminal

    if not has_locked_credentials(folder):
        return ""
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    with contextlib.closing(Desk.open(folder, Actor.TUI)) as desk:
        return unlock_on_terminal(desk)


@dataclass(frozen=True, slots=True)
class _Look:
    """The settings that the first frame needs."""

    theme: str = "cts-dark"
    keys: dict[str, str] = field(default_factory=dict)


def _look() -> _Look:
    """Read theme and keys without loading the settings, which takes longer than painting.

    A file that cannot be read looks like none here: opening the desk says what is wrong with it.
    """
    from cts_tui.paths import config_folder

    chosen = os.environ.get("CTS_THEME")
    file = config_folder() / "config.toml"
    if not file.exists():
        return _Look(chosen or _Look().theme)
    import tomllib

    try:
        config = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        config = {}
    keys = config.get("keys")
    named = (
        {str(action): str(key) for action, key in keys.items()} if isinstance(keys, dict) else {}
    )
    theme = chosen or str(config.get("theme", _Look().theme))
    return _Look(theme, {str(action): str(key) for action, key in named.items()})


@contextlib.contextmanager
def _signals_for(app: "CtsApp") -> Iterator[None]:
    """While the app runs: a lost terminal ends the screen only, SIGTERM everything in order."""

    def on_hang_up(_signal: int, _frame: "FrameType | None") -> None:
        _let_go_of_terminal()
        app.detach()

    def on_terminate(_signal: int, _frame: "FrameType | None") -> None:
        app.call_later(app.action_quit)

    with _handled(signal.SIGHUP, on_hang_up), _handled(signal.SIGTERM, on_terminate):
        yield


def _let_go_of_terminal() -> None:
    """Point the standard streams at nothing: writing to a terminal that is gone would fail."""
    _point_at_nothing(0, 1, 2)


def _point_at_nothing(*streams: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nothing, stream)
    os.close(nothing)


def _open(folder: DataFolder, actor: str) -> "tuple[Desk, EngineHost]":
    """Open the desk and an engine for it, with the log file at hand."""
    from cts_tui.desk.desk import Desk
    from cts_tui.desk.engine_host import EngineHost
    from cts_tui.desk.log_file import log_to
    from cts_tui.model.trading import Actor

    desk = Desk.open(folder, Actor(actor))
    try:
        log_to(folder.log)
        return desk, EngineHost(desk)
    except CtsError:
        desk.close()
        raise


def run_engine(folder: DataFolder, for_s: float | None = None) -> int:
    """Run the engine without a screen and print its status; SIGTERM and SIGINT stop it in order.

    Raises ConfigError when an engine runs on this data folder already.
    """
    stopping = threading.Event()
    with _stopped_by_signals(stopping):
        desk, host = _open(folder, "cli")
        with contextlib.closing(desk):
            _refuse_second(desk, host)
            report = _Report(desk)
            _unlock(desk, report)
            report.say(f"cts-tui: engine on {folder.root}; Ctrl-C stops it in order")
            _run_until(stopping, host, lambda: report.say_until(stopping, for_s))
            report.say(f"cts-tui: stopped in order; {report.status()}")
    return 0


def _refuse_second(desk: "Desk", host: "EngineHost") -> None:
    if host.is_needed():
        return
    pids = ", ".join(str(program.pid) for program in desk.programs.list() if program.is_alive)
    raise ConfigError(
        f"an engine runs on this data folder already (process {pids}); `cts-tui` attaches to "
        "it, `cts-tui stop` ends it"
    )


def _unlock(desk: "Desk", report: "_Report") -> None:
    """Ask for the passphrase of stored credentials once; without it, paper connections run."""
    from cts_tui.cli.passphrase import unlock_on_terminal

    try:
        unlock_on_terminal(desk)
    except LockedError as error:
        report.say(f"cts-tui: connections that need credentials wait: {error}")


def _run_until(stopping: threading.Event, host: "EngineHost", wait: Callable[[], None]) -> None:
    """Run the engine in a thread for as long as `wait` waits; stop it in order whatever happens."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            host.run()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failures.append(error)
        finally:
            stopping.set()

    engine = threading.Thread(target=run, name="engine")
    engine.start()
    try:
        wait()
    finally:
        host.stop()
        engine.join()
    if failures:
        raise _first(failures[0])


def _first(error: BaseException) -> BaseException:
    """Return the first of the errors that a task group has gathered."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextlib.contextmanager
def _stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    def on_stop(_signal: int, _frame: "FrameType | None") -> None:
        stopping.set()

    def on_hang_up(_signal: int, _frame: "FrameType | None") -> None:
        _let_go_of_terminal()

    with (
        _handled(signal.SIGTERM, on_stop),
        _handled(signal.SIGINT, on_stop),
        _handled(signal.SIGHUP, on_hang_up),
    ):
        yield


@contextlib.contextmanager
def _handled(number: signal.Signals, handler: object) -> Iterator[None]:
    """Handle a signal for a while."""
    before = signal.signal(number, handler)  # type: ignore[arg-type]
    try:
        yield
    finally:
        signal.signal(number, before)


class _Report:
    """Lines on stdout about the engine. When nobody reads them any more, the engine stops."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._is_read = True

    def say(self, line: str) -> None:
        """Print a line at once, also into a pipe."""
        if not self._is_read:
            return
        try:
            _print(line)
        except BrokenPipeError:
            self._is_read = False
            _point_at_nothing(sys.stdout.fileno())

    def say_until(self, stopping: threading.Event, for_s: float | None) -> None:
        """Print a status line every few seconds until stopped, unread, or `for_s` have passed."""
        ends = None if for_s is None else time.monotonic() + for_s
        while self._is_read:
            left = _STATUS_EVERY_S if ends is None else ends - time.monotonic()
            if left <= 0 or stopping.wait(min(left, _STATUS_EVERY_S)):
                return
            self.say(self.status())

    def status(self) -> str:
        """Return the desk in one line; why it cannot be read where that is so."""
        try:
            return _status_line(self._desk)
        except StoreError as error:  # the engine has its own way with a store that fails
            return f"status cannot be read: {error}"


def _status_line(desk: "Desk") -> str:
    """Return the desk in one line."""
    summary = desk.summary()
    at = time.strftime("%H:%M:%S", time.gmtime(summary.now_ms / 1000))
    flags = (
        " SYNTHETIC PRICES" * summary.is_synthetic + " KILL SWITCH ON" * desk.controls.is_killed()
    )
    if summary.brakes:
        flags += f" NO ENTRIES: {', '.join(summary.brakes)}"
    return (
        f"{at}Z connections {summary.connections_enabled}/{summary.connections} "
        f"live {summary.connections_live} | positions {summary.open_positions} "
        f"open pnl {summary.open_pnl:+.2f} | today: trades {summary.trades_today} "
        f"pnl {summary.realized_pnl_today:+.2f} signals {summary.signals_today}{flags}"
    )


def _print(line: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
