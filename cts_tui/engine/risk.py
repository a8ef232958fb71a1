"""Risk before every entry: a refusal is a value with a reason and figures, never an exception."""

from dataclasses import dataclass

from cts_tui.model.market import Source


@dataclass(frozen=True, slots=True)
class Situation:
    """What the risk check looks at."""

    is_live: bool
    """Whether real money would move."""
    stopped: str
    """Why nothing may be opened on the connection: the kill switch is on, and the like."""
    has_lease: bool
    is_store_failing: bool
    source: str
    """Where the price came from."""
    is_stale: bool
    braked: str = ""
    """Why nothing may be opened in this program now: no room on the disk, and the like."""
    blocked: str = ""
    """Why the symbol gets no new position; empty where it may."""
    is_reconciled: bool = True
    """Whether orders and positions were compared with the exchange's a moment ago."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not go out."""

    reason: str


def check_entry(situation: Situation) -> Refusal | None:
    """Return why no position may be opened now, None when it may."""
    if situation.stopped:
        return Refusal(situation.stopped)
    if situation.braked:
        return Refusal(situation.braked)
    if not situation.has_lease:
        return Refusal("another engine holds the lease of this connection")
    if situation.is_store_failing:
        return Refusal("the database refuses to write: the order could go unrecorded")
    if situation.blocked or situation.is_stale:
        return Refusal(situation.blocked or "the market data is stale")
    return _check_live_entry(situation) if situation.is_live else None


def _check_live_entry(situation: Situation) -> Refusal | None:
    if not situation.is_reconciled:
        return Refusal("orders and positions are not reconciled with the exchange")
    if situation.source == Source.SYNTHETIC:
        return Refusal("the price is synthetic: it never moves real money")
    return None


def check_exit(situation: Situation) -> Refusal | None:
    """Return why no order may close a position now, not even the trader's, None when one may (S9).

    Whoever has taken over the lease has taken over the positions.
    """
    if not situation.has_lease:
        return Refusal("another engine holds the lease of this connection")
    return None


def check_automatic_exit(situation: Situation) -> Refusal | None:
    """Return why a level or a rule may not close a position, None when it may (S3).

    Staleness blocks entries, never exits (S8); but a level can only be touched by a price, and an
    invented or an old one is none for a live position. Nor is a rule's candle.
    """
    refusal = check_exit(situation)
    if refusal is not None:
        return refusal
    if situation.is_live and situation.source == Source.SYNTHETIC:
        return Refusal("the price is synthetic: it closes no live position")
    if situation.is_live and situation.is_stale:
        return Refusal("the price is stale: it closes no live position")
    return None
