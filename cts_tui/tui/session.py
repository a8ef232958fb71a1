"""The desk as the screens have it: open or not yet, and what the engine is doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cts_tui.errors import CtsError
from cts_tui.model.views import DeskSummary

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk
    from cts_tui.desk.engine_host import EngineHost


def reason_of(error: BaseException | None) -> str:
    """Return an error as the trader reads it; one that is no CtsError is named as a fault."""
    if isinstance(error, CtsError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}; please report it"


class EngineState(StrEnum):
    """What the screen knows of the engine."""

    OPENING = "opening the desk…"
    STARTING = "starting"
    RUNNING = "running"
    ATTACHED = "attached"
    STOPPING = "stopping…"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class Session:
    """What the app and its screens share; written on the UI loop only."""

    title_note: str = ""
    keymap: Mapping[str, str] = field(default_factory=dict)
    desk: "Desk | None" = None
    host: "EngineHost | None" = None
    engine: EngineState = EngineState.OPENING
    summary: DeskSummary | None = None
    """The figures of the last reading, of whichever screen."""
    is_killed: bool = False
    read_error: str = ""
    """Why the last reading failed; empty when it did not."""

    def observe(self, summary: DeskSummary, *, is_killed: bool) -> None:
        """Note a reading, and correct the engine's state: other processes start and stop too."""
        self.summary, self.is_killed, self.read_error = summary, is_killed, ""
        seen = _SEEN.get((self.engine, summary.is_engine_running))
        if seen is not None:
            self.engine = seen

    @property
    def is_engine_startable(self) -> bool:
        """Whether the trader may ask for an engine: none is running that we know of."""
        return self.engine in (EngineState.STOPPED, EngineState.FAILED)


_SEEN = {
    (EngineState.STARTING, True): EngineState.RUNNING,
    (EngineState.ATTACHED, False): EngineState.STOPPED,
    (EngineState.STOPPED, True): EngineState.ATTACHED,
}
"""What the engine's state becomes when the store says that one runs (True), or that none does."""
