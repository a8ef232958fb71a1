"""The trader's limits: an entry over one is refused with its figures, an exit never is."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.limits import check_collar, figure, over
from cts_tui.engine.market_state import Quote
from cts_tui.errors import VenueError
from cts_tui.model.limits import LimitBook, RiskLimits, read_limit
from cts_tui.model.market import Source
from cts_tui.model.trading import MarketType, OrderPurpose, Side
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .live_world import LiveWorld
from .small_exchange import SPOT, SmallExchange
from .world import ENTER_LONG, EXIT_LONG, World, make_connection, spoken

Make = Callable[..., World]
NONE = RiskLimits.none()


@pytest.fixture
def live(database: Database, journal: Journal) -> Callable[..., LiveWorld]:
    def make(**options: Any) -> LiveWorld:
        return LiveWorld(database, journal, **options)

    return make


def quote(price: str, bid: str | None = None, ask: str | None = None) -> Quote:
    sides = [None if side is None else Decimal(side) for side in (bid, ask)]
    return Quote(Decimal(price), 0, Source.STREAM, 0, *sides)


@pytest.mark.parametrize(
    ("side", "now", "said"),
    [
        (Side.BUY, quote("104"), None),
        (Side.BUY, quote("106"), "the last trade 106 is 6.0 % off the expected 100"),
        (Side.SELL, quote("94"), "the last trade 94 is 6.0 % off"),
        (Side.BUY, quote("100", bid="90", ask="101"), None),
        (Side.BUY, quote("100", bid="99", ask="110"), "the best ask 110 is 10.0 % off"),
        (Side.SELL, quote("100", bid="90", ask="101"), "the best bid 90 is 10.0 % off"),
    ],
)
def test_the_collar_looks_at_the_last_trade_and_the_side_that_is_offered(
    side: Side, now: Quote, said: str | None
) -> None:
    found = check_collar(replace(NONE, collar_pct=Decimal(5)), side, Decimal(100), now)
    assert (found is None) if said is None else (found is not None and said in found.reason)
    assert check_collar(NONE, side, Decimal(100), now) is None


def test_what_is_over_a_limit_is_said_in_figures() -> None:
    found = over("exposure:", Decimal(1200), Decimal("300.50"), Decimal(1400), "USDT")
    assert found is not None
    assert found.reason == "exposure: 1,200 + 300.5 over the limit 1,400 USDT"
    assert over("exposure:", 1, 1, 2) is None
    assert over("exposure:", 10, 10, None) is None
    assert figure(Decimal("0.000012")) == "0.000012"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_order_notional": "99"}, "the notional of the order: 100 over the limit 99 USDT"),
        ({"max_position_notional": "99"}, "the position on BTC/USDT: 100 over the limit 99"),
        ({"max_exposure": "99"}, "exposure: 100 over the limit 99 USDT"),
        ({"max_total_exposure": "149"}, "exposure of all connections: 50 + 100 over the limit 149"),
        ({"max_orders_per_minute": "1"}, "orders within a minute: 1 + 1 over the limit 1"),
    ],
)
async def test_an_entry_over_a_limit_is_a_refused_signal_with_figures(
    world: Make, limits: dict[str, str], said: str
) -> None:
    run = world(spoken())
    run.context.limits = replace(
        NONE, **{key: read_limit(key, text) for key, text in limits.items()}
    )
    run.context.others_exposure = lambda _, is_live: Decimal(0 if is_live else 50)
    if "max_orders_per_minute" in limits:
        run.pipeline.execution.sender.sent_times.append(run.clock.now_ms() + 59_999)
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    (signal,) = await run.rows("signals")
    assert signal["status"] == "refused"
    assert said in signal["reason"]
    assert await run.rows("orders") == []


async def test_open_positions_of_one_go_count_for_the_next(world: Make) -> None:
    run = world(spoken("a"), spoken("b"), spoken("c"))
    run.context.limits = replace(NONE, max_open_positions=2, max_exposure=Decimal(1000))
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    assert len(run.context.book) == 2
    reasons = [row["reason"] for row in await run.rows("signals") if row["status"] == "refused"]
    assert reasons == ["open positions: 2 + 1 over the limit 2"]


async def test_limits_stop_no_exit(world: Make) -> None:
    run = world(spoken())
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    run.context.limits = replace(
        NONE, max_order_notional=Decimal(1), max_orders_per_minute=1, max_exposure=Decimal(1)
    )
    await run.flat(100, EXIT_LONG)
    await run.flat(100)
    assert len(run.context.book) == 0


async def test_no_limit_applies_to_a_replay(world: Make) -> None:
    run = world(spoken())
    run.pipeline.context.is_recorded = True
    replay = type(run.pipeline)(run.context)
    assert replay.entries is None
    assert replay.flattener is None
    assert {p.name for p in replay.processors}.isdisjoint({"losses", "entries", "flatten"})


async def test_a_live_entry_that_the_balance_cannot_pay_is_refused(
    live: Callable[..., LiveWorld],
) -> None:
    run = live(venue=SmallExchange(SPOT))
    run.context.account.tell({"USDT": Decimal(5000)}, {"USDT": Decimal(60)})
    await run.minute()
    run.pipeline.execution.request(run.entry())
    await run.run()
    assert run.venue.sent == []
    assert run.pipeline.execution.refused == 1


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_swap_is_set_up_once_before_its_first_live_entry(
    live: Callable[..., LiveWorld], database: Database, refuses: bool
) -> None:
    run = live()
    run.context.setup = replace(run.context.setup, market=MarketType.SWAP)
    run.context.limits = replace(NONE, leverage=3, margin_mode="isolated")
    asked: list[tuple[str, int | None, str | None]] = []

    async def prepare(symbol: str, *, leverage: int | None, margin_mode: str | None) -> None:
        asked.append((symbol, leverage, margin_mode))
        if refuses:
            raise VenueError("it allows 2 at most")

    run.venue.prepare = prepare  # type: ignore[method-assign]
    await run.minute()
    run.pipeline.execution.request(run.entry())
    await run.run()
    assert asked == [("BTC/USDT", 3, "isolated")]
    assert len(run.sent(OrderPurpose.ENTRY)) == (0 if refuses else 1)
    if refuses:
        (row,) = await run.rows("orders")
        assert "leverage and margin mode could not be set: it allows 2" in row["answer"]


def test_a_connection_has_its_own_limits_instead_of_the_common_ones() -> None:
    book = LimitBook(
        {"max_exposure": "1000", "collar_pct": None, "of_the_future": "1"},
        {7: {"max_exposure": None, "leverage": "3"}},
    )
    assert book.for_all == RiskLimits(max_exposure=Decimal(1000), collar_pct=None)
    assert book.of(7) == RiskLimits(max_exposure=None, leverage=3, collar_pct=None)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", "", "101"])
def test_a_percentage_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="collar_pct"):
        read_limit("collar_pct", text)


async def test_a_disabled_connection_opens_nothing(world: Make, database: Database) -> None:
    run = world(spoken(), setup=make_connection(database, "off", enabled=False))
    await run.flat(100, ENTER_LONG)
    (signal,) = await run.rows("signals")
    assert signal["reason"] == "the connection is disabled"
