"""Entries that wait until the position to close first is closed."""

from collections.abc import Callable

from cts_tui.engine.book import LivePosition
from cts_tui.engine.requests import EntryRequest


class Reversals:
    """By the key of the position that goes first."""

    def __init__(self, on_freed: Callable[[], None]) -> None:
        """`on_freed` hears that there is something to send."""
        self._on_freed = on_freed
        self._waiting: dict[str, EntryRequest] = {}
        self._freed: list[EntryRequest] = []

    def wait(self, position_key: str, request: EntryRequest) -> None:
        """Keep an entry until the position is closed: only then is known what there is to spend."""
        self._waiting[position_key] = request

    def closed(self, position: LivePosition) -> None:
        """Free the entry that waited for a position, if there is one."""
        request = self._waiting.pop(position.key, None)
        if request is not None:
            self._freed.append(request)
            self._on_freed()

    def still_open(self, position_key: str) -> EntryRequest | None:
        """Return the entry that waited in vain, if there is one."""
        return self._waiting.pop(position_key, None)

    def freed(self) -> list[EntryRequest]:
        """Return, once, the entries that may go out now."""
        freed, self._freed = self._freed, []
        return freed
