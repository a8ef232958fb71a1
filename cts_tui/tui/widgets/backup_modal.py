"""A backup while it is made: each part of the work as it ends, then the file."""

from collections.abc import Callable, Sequence
from typing import Final

from cts_tui.errors import CtsError
from cts_tui.model.backup import Backup
from cts_tui.model.connection_test import StepResult, StepStatus
from cts_tui.tui.formats import one_line
from cts_tui.tui.widgets.steps_modal import StepsModal

MakeBackup = Callable[[Callable[[str, float], None]], Backup]
"""Makes a backup, calling back after each part; blocks, and raises CtsError when it cannot."""

_SAID: Final = {
    "copy": "copied as it was at one moment; engines go on",
    "verify": "every page of the copy and its rows are whole",
    "compress": "packed",
    "read back": "unpacked again, and the same",
}


class BackupModal(StepsModal[Backup]):
    """Shows how a backup comes about; left before its end, its end is told in a notice."""

    DOING = "backing up…"
    FAILED = "no backup"
    AGAIN = ""

    def __init__(self, make: MakeBackup) -> None:
        super().__init__("Backup", note="cts-tui backups list shows all; restore puts one back.")
        self._make = make
        self._steps_done: list[StepResult] = []
        self._is_left = False

    def run_test(self, on_step: Callable[[StepResult], None]) -> Backup:
        """Make the backup in a thread."""
        app = self.app

        def tell(phase: str, seconds: float) -> None:
            step = StepResult(phase, StepStatus.PASS, _SAID.get(phase, ""), "", seconds * 1000)
            self._steps_done.append(step)
            if not self._is_left:
                on_step(step)

        try:
            backup = self._make(tell)
        except CtsError as error:
            if self._is_left:
                app.call_from_thread(app.notify, one_line(str(error)), severity="error")
            raise
        if self._is_left:
            app.call_from_thread(app.notify, f"backup made: {backup.file.name}")
        return backup

    def outcome(self, result: Backup) -> tuple[StepStatus, Sequence[StepResult]]:
        """Return that it was made, and where."""
        size = f"{result.size_bytes / 1e6:,.1f} MB"
        made = StepResult("file", StepStatus.PASS, f"{size}: {result.file}", "",
                          (result.seconds or 0.0) * 1000)  # fmt: skip
        return StepStatus.PASS, [*self._steps_done, made]

    def action_again(self) -> None:
        """Begin, once."""
        if self._work is None:
            super().action_again()

    def action_close(self) -> None:
        """Leave; what is being made is finished."""
        self._is_left = True
        super().action_close()
