"""Risk before every entry: a refusal is a value with a reason and figures, never an exception."""

from dataclasses import dataclass

from cts_tui.model.market import Source


@dataclass(frozen=True, slots=True)
class Situation:
    """What the risk check looks at."""

    is_live: bool
    """Whether real money would move."""
    is_killed: bool
    has_lease: bool
    is_store_failing: bool
    source: str
    """Where the price came from."""
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not go out."""

    reason: str


def check_entry(situation: Situation) -> Refusal | None:
    """Return why no position may be opened now, None when it may."""
    if situation.is_killed:
        return Refusal("the kill switch is on")
    if not situation.has_lease:
        return Refusal("another engine holds the lease of this connection")
    if situation.is_store_failing:
        return Refusal("the database refuses to write: the order could go unrecorded")
    if situation.is_stale:
        return Refusal("the market data is stale")
    if situation.is_live and situation.source == Source.SYNTHETIC:
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
