"""The paper account: what it can pay, what is kept across restarts, funding on swaps."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cts_tui.engine.funding import FundingProcessor
from cts_tui.engine.paper_account import PaperAccount, paper_venue
from cts_tui.exchange.funding import FundingRate, funding_rate
from cts_tui.model.strategy import Size, SizeKind
from cts_tui.model.trading import MarketType
from cts_tui.store import balances
from cts_tui.store.database import Database

from .world import ENTER_LONG, ENTER_SHORT, EXIT_LONG, SYMBOL, World, make_connection, spoken

Make = Callable[..., World]
SWAP = "BTC/USDT:USDT"
HOUR_MS = 3_600_000


def on_paper(world: Make, database: Database, *specs: Any, **options: Any) -> World:
    """A world with ticks on the paper venue as an engine makes it, its account restored."""
    settings = {"paper_fee_pct": 0, "paper_latency_ms": 0, "paper_volume_pct": 0, **options}
    run = world(*specs, has_ticks=True, **settings)
    venue = paper_venue(run.context.setup, run.settings, run.context.market)
    run.context.venue, run.context.symbols = venue, run.context.setup.symbols
    run.paper = PaperAccount(run.context, venue)  # type: ignore[attr-defined]
    run.paper.restore(database)  # type: ignore[attr-defined]
    run.context.on_booked = run.paper.record  # type: ignore[attr-defined]
    run.pipeline.configure(specs or (spoken(),), run.context.setup.symbols)
    return run


async def held(run: World, database: Database) -> dict[str, Decimal]:
    """What the store says that the paper account holds."""
    await run.rows("orders")
    with database.read() as transaction:
        return balances.totals(transaction, run.context.setup.id, is_live=False)


async def test_the_account_begins_with_its_balance_and_follows_the_fills(
    world: Make, database: Database
) -> None:
    run = on_paper(world, database, spoken())
    assert await held(run, database) == {"USDT": Decimal(10_000)}
    await run.flat(100, ENTER_LONG)
    await run.tick("100")
    assert await held(run, database) == {"USDT": Decimal(9_900), "BTC": Decimal(1)}
    await run.flat(102, EXIT_LONG)
    await run.tick("102")
    assert await held(run, database) == {"USDT": Decimal(10_002), "BTC": Decimal(0)}


async def test_the_account_goes_on_where_it_was_after_a_restart(
    world: Make, database: Database
) -> None:
    first = on_paper(world, database, spoken())
    await first.flat(100, ENTER_LONG)
    await first.tick("100")
    before = await held(first, database)
    second = on_paper(world, database, spoken(), setup=first.context.setup, paper_balance=1)
    assert await held(second, database) == before


async def test_an_account_that_was_never_recorded_is_made_of_its_positions(
    world: Make, database: Database
) -> None:
    first = on_paper(world, database, spoken(), paper_fee_pct=1)
    for _ in range(2):
        await first.flat(100, ENTER_LONG)
        await first.tick("100")
        await first.flat(101, EXIT_LONG)
        await first.tick("101")
    await first.flat(100, ENTER_SHORT)
    await first.tick("100")
    before = await held(first, database)
    with database.write() as transaction:
        transaction.exec_driver_sql("DELETE FROM balances")
    second = on_paper(world, database, setup=first.context.setup, paper_fee_pct=1)
    for position in first.context.book:
        second.context.book.add(replace(position))
    second.paper.restore(database)  # type: ignore[attr-defined]
    after = {key: amount for key, amount in (await held(second, database)).items() if amount}
    assert after == {key: amount for key, amount in before.items() if amount}


async def test_an_entry_beyond_the_paper_account_is_refused_with_its_figures(
    world: Make, database: Database
) -> None:
    spec = spoken(size=Size(SizeKind.QUOTE, Decimal(20_000)))
    run = on_paper(world, database, spec)
    await run.flat(100, ENTER_LONG)
    await run.tick("100")
    assert await run.rows("positions") == []
    reason = (await run.row("signals"))["reason"]
    assert "cannot pay: it needs 20000 USDT and has 10000 free" in reason


async def test_the_balance_of_the_venue_is_kept_apart_from_the_paper_one(
    world: Make, database: Database
) -> None:
    run = on_paper(world, database, spoken())
    amounts = {"free": Decimal(5), "used": Decimal(0), "total": Decimal(5)}
    run.context.recorder.batch.balance(run.context.setup.id, "USDT", **amounts, time_ms=1)
    assert await held(run, database) == {"USDT": Decimal(10_000)}
    with database.read() as transaction:
        live = balances.totals(transaction, run.context.setup.id, is_live=True)
    assert live == {"USDT": Decimal(5)}


# -- funding ------------------------------------------------------------------------------------


async def swap_with_a_position(world: Make, database: Database, enter: int = ENTER_LONG) -> World:
    """A paper position of 1 at 100 on a swap."""
    setup = make_connection(database, market=MarketType.SWAP, symbols=(SWAP,))
    run = on_paper(world, database, spoken(), setup=setup)
    await run.flat(100, enter, symbol=SWAP)
    await run.tick("100", symbol=SWAP)
    assert len(run.context.book) == 1
    return run


def funding(run: World, database: Database, rate: FundingRate | None) -> FundingProcessor:
    async def ask(_symbol: str) -> FundingRate | None:
        return rate

    return FundingProcessor(run.context, run.context.venue, database, ask)  # type: ignore[arg-type]


@pytest.mark.parametrize(("enter", "paid"), [(ENTER_LONG, "0.1"), (ENTER_SHORT, "-0.1")])
async def test_longs_pay_shorts_at_the_exchanges_times_and_each_funding_once(
    world: Make, database: Database, enter: int, paid: str
) -> None:
    run = await swap_with_a_position(world, database, enter)
    start_ms = run.clock.now_ms()
    rate = FundingRate(Decimal("0.1"), start_ms + HOUR_MS, HOUR_MS)
    due = funding(run, database, rate)
    assert (await due.cycle()).handled == 0
    run.clock.set(start_ms + HOUR_MS)
    assert (await due.cycle()).handled == 1
    assert (await due.cycle()).handled == 0
    (row,) = [row for row in await run.rows("fills") if not row["quantity"]]
    assert (row["fee"], row["fee_currency"], row["time_ms"]) == (
        Decimal(paid),
        "USDT",
        start_ms + HOUR_MS,
    )
    position = await run.row("positions")
    assert position["fees"] == position["paid_fees"] == Decimal(paid)
    assert (await held(run, database))["USDT"] == 10_000 - Decimal(paid)
    assert "funding" in (await run.rows("events"))[-1]["message"]


async def test_a_restart_pays_what_was_due_meanwhile_and_nothing_again(
    world: Make, database: Database
) -> None:
    run = await swap_with_a_position(world, database)
    start_ms = run.clock.now_ms()
    rate = FundingRate(Decimal("0.1"), start_ms + HOUR_MS, HOUR_MS)
    run.clock.set(start_ms + HOUR_MS)
    await funding(run, database, rate).cycle()
    await run.rows("fills")
    run.clock.set(start_ms + 3 * HOUR_MS)
    assert (await funding(run, database, rate).cycle()).handled == 2
    assert len([row for row in await run.rows("fills") if not row["quantity"]]) == 3


async def test_without_word_of_the_exchange_the_settings_tell_rate_and_times(
    world: Make, database: Database
) -> None:
    run = await swap_with_a_position(world, database)
    day_ms = 24 * HOUR_MS
    midnight_ms = run.clock.now_ms() // day_ms * day_ms + day_ms
    run.clock.set(midnight_ms + 16 * HOUR_MS)
    assert (await funding(run, database, None).cycle()).handled == 3
    paid = [row for row in await run.rows("fills") if not row["quantity"]]
    assert [row["time_ms"] - midnight_ms for row in paid] == [0, 8 * HOUR_MS, 16 * HOUR_MS]
    assert {row["fee"] for row in paid} == {Decimal("0.01")}


async def test_spot_positions_know_no_funding(world: Make, database: Database) -> None:
    run = on_paper(world, database, spoken())
    await run.flat(100, ENTER_LONG)
    await run.tick("100")
    run.clock.advance(48 * HOUR_MS)
    assert (await funding(run, database, None).cycle()).handled == 0
    assert run.context.book.held(("spoken", SYMBOL, "1m")) is not None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"fundingRate": 0.0001, "fundingTimestamp": 5, "interval": "8h"},
            FundingRate(Decimal("0.0100"), 5, 8 * HOUR_MS),
        ),
        ({"fundingRate": -0.0001}, FundingRate(Decimal("-0.0100"), None, None)),
        ({"fundingRate": float("nan")}, None),
        ({"fundingRate": 7}, None),
        ({"fundingRate": None}, None),
        ([], None),
    ],
)
async def test_a_funding_rate_is_read_with_care(told: Any, expected: FundingRate | None) -> None:
    class Session:
        def has(self, method: str) -> bool:
            return method == "fetchFundingRate"

        async def call(self, _method: str, _symbol: str) -> Any:
            return told

    assert await funding_rate(Session(), SWAP) == expected  # type: ignore[arg-type]
