"""What a rule is: a name, a gravity, and how what is wrong is found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cts_tui.engine.health.readings import Readings
from cts_tui.model.health import Gravity

Findings = Iterator[tuple[str, str]]
"""Subject and message of each thing that is wrong now."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A way in which the desk can be wrong."""

    name: str
    gravity: Gravity
    find: Callable[[Readings], Findings]


def counted(count: int, noun: str) -> str:
    """Return `1 position`, `2 positions`."""
    return f"{count} {noun}{'s' * (count != 1)}"
