"""Where in the engine a log line comes from: set once per task, read when a line is written.

A task hands on what is set to the tasks and threads that it starts. A processor is kept itself, so
that a cycle costs nothing and a line still tells its number.
"""

from contextvars import ContextVar
from typing import Final, Protocol

from cts_tui.model.log import Whereabouts


class Cycling(Protocol):
    """A processor, as far as a log line asks."""

    name: str

    @property
    def cycle_number(self) -> int:
        """The number of the cycle at hand, from 1."""
        ...


_CONNECTION: Final[ContextVar[str]] = ContextVar("connection", default="")
_PROCESSOR: Final[ContextVar[Cycling | None]] = ContextVar("processor", default=None)


def enter_connection(name: str) -> None:
    """Have every line of this task, and of those it starts, tell the connection."""
    _CONNECTION.set(name)


def enter_processor(processor: Cycling) -> None:
    """Have every line of this task, and of those it starts, tell the processor and its cycle."""
    _PROCESSOR.set(processor)


def whereabouts() -> Whereabouts:
    """Return where the code that runs now belongs to."""
    processor = _PROCESSOR.get()
    if processor is None:
        return Whereabouts(_CONNECTION.get())
    return Whereabouts(_CONNECTION.get(), processor.name, processor.cycle_number)
