"""What an engine program tells of itself: a row that its keepers write into, each its own part."""

from typing import Any

from cts_tui.engine.processor import Processor


class ProgramFigures:
    """The figures beside a program's heartbeat. A new keeper publishes here, and edits nobody."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Any]] = {}
        self._keepers: list[Processor] = []

    def tell(self, key: str, figures: dict[str, Any]) -> None:
        """Publish a keeper's newest figures, JSON-ready, under a key of its own."""
        self._told[key] = figures

    def follow(self, keeper: Processor) -> None:
        """Publish the cycles and errors of a keeper with those of the others."""
        self._keepers.append(keeper)

    def as_row(self) -> dict[str, Any]:
        """Return the figures as they are stored: `processors`, and every keeper's key."""
        processors = [keeper.figures.as_row(keeper.name) for keeper in self._keepers]
        return {**self._told, "processors": processors}
