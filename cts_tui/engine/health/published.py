"""What an engine program tells of itself: a row that its keepers write into, each its own part."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from cts_tui.engine.processor import Processor
from cts_tui.model.health import Fault

LOG = logging.getLogger(__name__)


class ProgramFigures:
    """The figures beside a program's heartbeat. A new keeper publishes here, and edits nobody."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Any]] = {}
        self._keepers: list[Processor] = []
        self._asked: dict[str, Callable[[], Any]] = {}
        self._watchers: list[Callable[[], Iterable[Fault]]] = []

    def tell(self, key: str, figures: dict[str, Any]) -> None:
        """Publish a keeper's newest figures, JSON-ready, under a key of its own."""
        self._told[key] = figures

    def ask(self, key: str, teller: Callable[[], Any]) -> None:
        """Ask for a figure at every heartbeat: it has to be the one of that moment."""
        self._asked[key] = teller

    def follow(self, keeper: Processor) -> None:
        """Publish the cycles and errors of a keeper with those of the others, and its faults."""
        self._keepers.append(keeper)
        self.watch(keeper.faults)

    def watch(self, faults: Callable[[], Iterable[Fault]]) -> None:
        """Ask at every heartbeat what is wrong now; health tells it as it stands."""
        self._watchers.append(faults)

    def as_row(self) -> dict[str, Any]:
        """Return the figures as they are stored: `processors`, `faults`, and every keeper's key."""
        return {
            **self._told,
            **{key: _answer(teller) for key, teller in self._asked.items()},
            "processors": [keeper.figures.as_row(keeper.name) for keeper in self._keepers],
            "faults": [
                asdict(fault) for faults in self._watchers for fault in _answer(faults) or ()
            ],
        }


def _answer(teller: Callable[[], Any]) -> Any:
    """Return what is told; a figure that fails must not keep the heartbeat from being written."""
    try:
        return teller()
    except Exception:
        LOG.exception("a figure of the program cannot be told")
        return None
