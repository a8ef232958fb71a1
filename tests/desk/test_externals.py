"""What a face may ask for what is on an account and not the desk's own."""

from decimal import Decimal

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.model.external import External, ExternalKind, ExternalStatus, ExternalWish
from cts_tui.store import externals

from .conftest import NOW_MS, Hand

ORDER = External(
    ExternalKind.ORDER,
    "x-1",
    "BTC/USDT",
    "buy",
    Decimal("0.5"),
    Decimal(90),
    ExternalStatus.EXTERNAL,
    first_seen_ms=NOW_MS - 60_000,
    last_seen_ms=NOW_MS,
)


def put(hand: Hand, status: ExternalStatus = ExternalStatus.EXTERNAL, key: str = "x-1") -> None:
    """Have the engine of the demo see an order that is not ours."""
    from dataclasses import replace

    batch, connection_id = hand.batch()
    batch.external(connection_id, replace(ORDER, venue_key=key, status=status))
    hand.write(batch)


def test_what_is_not_ours_is_listed_and_what_is_decided_only_if_asked_for(
    desk: Desk, hand: Hand
) -> None:
    for number, status in enumerate(ExternalStatus):
        put(hand, status, f"x-{number}")
    (view,) = desk.externals.list()
    assert (view.connection, view.symbol, view.quantity) == ("demo", "BTC/USDT", Decimal("0.5"))
    assert (view.price, view.first_seen_ms) == (Decimal(90), NOW_MS - 60_000)
    assert len(desk.externals.list(is_decided=True)) == len(ExternalStatus)
    assert desk.externals.list(connection="another") == []


@pytest.mark.parametrize("wish", ExternalWish)
def test_a_wish_is_left_for_the_engine_with_an_event(
    desk: Desk, hand: Hand, wish: ExternalWish
) -> None:
    put(hand)
    (view,) = desk.externals.list()
    ask = desk.externals.adopt if wish is ExternalWish.ADOPT else desk.externals.ignore
    assert ask(view.id) == view
    with desk.database.read() as transaction:
        (wishes,) = externals.wishes(transaction).values()
    assert wishes == {("order", "x-1"): wish}
    event = desk.events.list(limit=1)[0]
    assert (event.who, event.before, event.after) == ("tui", "external", f"{wish} asked for")
    put(hand)  # the engine sees it again, and has not read the wish
    assert desk.externals.list()[0].wish is wish


@pytest.mark.parametrize("status", [ExternalStatus.GONE, ExternalStatus.ADOPTED])
def test_what_is_not_there_any_more_is_refused(
    desk: Desk, hand: Hand, status: ExternalStatus
) -> None:
    put(hand, status)
    (view,) = desk.externals.list(is_decided=True)
    with pytest.raises(ConfigError, match=f"is {status} already"):
        desk.externals.adopt(view.id)


def test_what_is_ignored_may_be_adopted_after_all_and_is_not_ignored_twice(
    desk: Desk, hand: Hand
) -> None:
    put(hand, ExternalStatus.IGNORED)
    (view,) = desk.externals.list(is_decided=True)
    with pytest.raises(ConfigError, match="is ignored already"):
        desk.externals.ignore(view.id)
    desk.externals.adopt(view.id)


def test_an_unknown_one_and_one_that_no_engine_looks_at_are_refused(desk: Desk, hand: Hand) -> None:
    with pytest.raises(ConfigError, match="there is no external 99"):
        desk.externals.adopt(99)
    put(hand)
    desk.connections.disable("demo")
    (view,) = desk.externals.list()
    with pytest.raises(ConfigError, match=r"disabled.*connections enable demo"):
        desk.externals.ignore(view.id)
