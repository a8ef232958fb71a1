"""What a connection's form is about, and what a check finds; the desk is asked in threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_view import DraftFault
from cts_tui.model.trading import MarketType
from cts_tui.model.vault import StoredCredentials

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk

Place = tuple[str, MarketType]
"""An exchange and one of its markets."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a form is about."""

    draft: ConnectionDraft
    is_new: bool
    stored: StoredCredentials | None = None
    exchanges: Sequence[str] = ()

    @property
    def title(self) -> str:
        """What stands above the form."""
        return "New connection" if self.is_new else f"Connection {self.draft.name}"


class Checked(NamedTuple):
    """What a check found, and what is usual where the draft trades."""

    draft: ConnectionDraft
    faults: list[DraftFault]
    usual: ConnectionDraft | None


def new_subject(desk: "Desk", exchange: str, ids: Sequence[str]) -> Subject:
    """Return the subject of a form for a new connection to `exchange`."""
    return Subject(desk.drafts.new(exchange), is_new=True, exchanges=ids)


def stored_subject(desk: "Desk", name: str) -> Subject:
    """Return the subject of a form for a stored connection."""
    ids = [choice.id for choice in desk.drafts.exchanges()]
    stored = desk.credentials.stored(name)
    return Subject(desk.drafts.stored(name), is_new=False, stored=stored, exchanges=ids)


def judged(desk: "Desk", draft: ConnectionDraft, *, is_new: bool) -> Checked:
    """Check a draft; what is usual is known only where the exchange is."""
    faults = desk.drafts.faults(draft, is_new=is_new)
    if any(fault.field == "exchange" for fault in faults):
        return Checked(draft, faults, None)
    return Checked(draft, faults, desk.drafts.usual(draft.exchange, draft.market))


def place_of(draft: ConnectionDraft) -> Place:
    """Return where a draft trades."""
    return draft.exchange, draft.market
