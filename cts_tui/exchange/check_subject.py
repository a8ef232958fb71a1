"""What a connection test is about: a connection, and the session that was opened for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cts_tui.clock import Clock
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.connection import ConnectionDraft, ConnectionSetup
from cts_tui.model.instrument import Instrument

_LISTED: Final = 4
"""Names that a message lists before it counts the rest."""


@dataclass(slots=True)
class Subject:
    """What is tested: the connection as it is set up, on a session that stands."""

    setup: ConnectionSetup | ConnectionDraft
    session: ExchangeSession
    clock: Clock
    symbols: tuple[str, ...] = ()
    """Those of the connection; where a filter chooses them, those that it chooses now."""

    @property
    def instruments(self) -> list[Instrument]:
        """The connection's markets, those that the exchange has."""
        known = self.session.instruments
        return [known[symbol] for symbol in self.symbols if symbol in known]

    @property
    def first_symbol(self) -> str:
        """A symbol to ask for: the connection's first that trades, else any of the exchange."""
        active = [found.symbol for found in self.instruments if found.is_active]
        rest = (found.symbol for found in self.session.instruments.values() if found.is_active)
        return active[0] if active else next(rest, "")


def listed(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more
