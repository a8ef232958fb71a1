"""What an engine program tells of itself: a row that its keepers write into, each its own part."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from cts_tui.engine.processor import CycleFigures, Processor
from cts_tui.model.health import Fault

LOG = logging.getLogger(__name__)


class ProgramFigures:
    """The figures beside a program's heartbeat. A new keeper publishes here, and edits nobody."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Any]] = {}
        self._keepers: list[Processor] = []
        self._asked: dict[str, Callable[[], Any]] = {}
        self._watchers: list[Callable[[], Iterable[Fault]]] = []
        self._untold = CycleFigures()
        """Figures that failed instead of telling: counted like a processor's errors (S15)."""

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
        asked = {key: self._answer(teller) for key, teller in self._asked.items()}
        faults = [fault for watcher in self._watchers for fault in self._answer(watcher) or ()]
        rows = [keeper.figures.as_row(keeper.name) for keeper in self._keepers]
        if self._untold.errors:
            rows.append(self._untold.as_row("figures"))
        return {
            **self._told,
            **asked,
            "processors": rows,
            "faults": [asdict(fault) for fault in faults],
        }

    def _answer(self, teller: Callable[[], Any]) -> Any:
        """Return what is told; one that fails must not keep the heartbeat from being written."""
        try:
            return teller()
        except Exception as error:
            LOG.exception("a figure of the program cannot be told")
            self._untold.record_error(error, time.time_ns() // 1_000_000)
            return None
