"""S11: loss limits count open PnL, stop entries only, survive a restart, end when they should."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cts_tui.clock import utc_from_ms
from cts_tui.engine.book import LivePosition
from cts_tui.engine.loss_limits import LossLimits
from cts_tui.model.limits import RiskLimits, RiskState
from cts_tui.model.trading import Direction
from cts_tui.store import risk
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal

from .world import ENTER_LONG, EXIT_LONG, MINUTE_MS, World, make_connection, spoken

Make = Callable[..., World]
NONE = RiskLimits.none()
DAY_MS = 86_400_000


def losses(run: World) -> LossLimits:
    assert run.pipeline.entries is not None
    return run.pipeline.entries.losses


async def lose(run: World) -> None:
    """Be long from 100, then let the price fall to 90: some 10 % of what was entered."""
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.flat(90)


def big(name: str = "spoken", **changes: Any) -> Any:
    """A strategy that enters with all there is, without a stop."""
    spec = spoken(name, stop_loss_pct="0", take_profit_pct="0", **changes)
    return replace(spec, size=replace(spec.size, amount=Decimal(5000)))


async def test_s11_a_daily_loss_with_open_pnl_halts_entries_until_the_next_day(
    world: Make,
) -> None:
    run = world(big(), big("other", entry_long="volume == 9"))
    run.context.limits = replace(NONE, max_daily_loss=Decimal(400))
    await lose(run)
    assert len(run.context.book) == 1
    assert losses(run).state.is_halted
    await run.flat(90, 9)
    (refused,) = [row for row in await run.rows("signals") if row["status"] == "refused"]
    assert refused["reason"].startswith("daily loss 505.00 of 10,000.00 since 00:00 UTC")
    assert "the limit is 400.00" in refused["reason"]
    run.next_ms += DAY_MS
    await run.flat(90)
    assert not losses(run).state.is_halted
    await run.flat(90, 9)
    await run.flat(90)
    assert len(run.context.book) == 2


async def test_s11_a_clock_that_is_set_forth_and_back_over_midnight_begins_one_day_not_two(
    world: Make,
) -> None:
    run = world(big())
    run.context.limits = replace(NONE, max_daily_loss=Decimal(4000))
    clock = run.clock
    losses(run).look()
    began = losses(run).state
    clock.advance(DAY_MS)
    losses(run).look()
    ahead = losses(run).state
    assert ahead.day > began.day
    clock.advance(-DAY_MS)
    losses(run).look()
    assert losses(run).state.day == ahead.day, "it is not begun once more"


def test_a_clock_that_is_set_back_prolongs_no_wait_of_an_exit() -> None:
    position = LivePosition.__new__(LivePosition)
    position.exit_refusals = 0
    position.wait_longer(10_000_000)
    assert position.is_waiting(10_000_000)
    assert not position.is_waiting(10_000_000 - 3_600_000)


async def test_s11_a_clock_that_is_set_forth_and_back_wipes_out_no_loss_of_the_day(
    world: Make,
) -> None:
    run = world(big())
    run.context.limits = replace(NONE, max_daily_loss=Decimal(400))
    await lose(run)
    limits = losses(run)
    before = limits.state
    for jump in (DAY_MS, -DAY_MS):
        run.clock.jump(jump)
        run.clock.advance(60_000)
        await limits.cycle()
        assert limits.state.is_halted
        assert (limits.state.day, limits.state.day_equity) == (before.day, before.day_equity)
    run.clock.jump(DAY_MS)
    await limits.cycle()
    run.clock.advance(600_000)
    await limits.cycle()
    assert not limits.state.is_halted, "a clock that stays where it was set is believed"
    assert limits.state.day > before.day


async def test_how_much_of_the_nearest_loss_limit_is_used_is_told(world: Make) -> None:
    run = world(big(), big("other", entry_long="volume == 9"))
    assert losses(run).figures_row() is None
    run.context.limits = replace(NONE, max_daily_loss=Decimal(2020), max_drawdown_pct=Decimal(50))
    losses(run).look()
    assert losses(run).figures_row()["used_pct"] == 0.0
    await lose(run)
    assert losses(run).figures_row() == {
        "used_pct": 25.0, "said": "lost 505.00 of 2,020.00 today",
    }  # fmt: skip


async def test_s11_what_is_paid_in_another_currency_is_refused_where_losses_are_limited(
    world: Make, database: Database
) -> None:
    run = world(big(), setup=make_connection(database, symbols=("BTC/USDT", "ETH/BTC")))
    run.context.limits = replace(NONE, max_daily_loss=Decimal(400))
    await run.candles(dict.fromkeys(run.setup.symbols, (100, 100, 100, 100, ENTER_LONG)))
    await run.candles(dict.fromkeys(run.setup.symbols, (100, 100, 100, 100, 0)))
    assert [position.symbol for position in run.context.book] == ["BTC/USDT"]
    (refused,) = [row for row in await run.rows("signals") if row["status"] == "refused"]
    assert refused["reason"] == (
        "loss limits count in USDT here, ETH/BTC is paid in BTC: "
        "trade it on a connection of its own"
    )


async def test_s11_a_halt_blocks_no_exit(world: Make) -> None:
    run = world(big())
    run.context.limits = replace(NONE, max_daily_loss_pct=Decimal(1))
    await lose(run)
    assert losses(run).state.is_halted
    await run.flat(90, EXIT_LONG)
    await run.flat(90)
    assert len(run.context.book) == 0


async def test_s11_a_drawdown_lasts_until_it_is_reset(world: Make) -> None:
    run = world(big())
    run.context.limits = replace(NONE, max_drawdown_pct=Decimal(3))
    await lose(run)
    state = losses(run).state
    assert state.is_halted
    assert not state.is_halt_daily
    assert "drawdown 5.05 % from 10,000.00 to 9,495.00" in state.halt_reason
    run.next_ms += DAY_MS
    await run.flat(90)
    assert losses(run).state.is_halted
    losses(run).reset(run.clock.now_ms())
    assert not losses(run).state.is_halted
    await run.flat(90)
    assert not losses(run).state.is_halted, "losses count from the reset on"
    assert losses(run).state.peak_equity == Decimal(9495)


async def test_s11_a_halt_survives_a_restart(
    world: Make, database: Database, journal: Journal
) -> None:
    run = world(big())
    run.context.limits = replace(NONE, max_drawdown_pct=Decimal(3))
    await lose(run)
    await run.rows("risk_states")
    with database.read() as transaction:
        states = risk.states(transaction)[run.setup.id]
    again = World(database, journal, big(), setup=run.setup)
    losses(again).restore(states)
    assert losses(again).state == losses(run).state
    assert losses(again).state.is_halted


async def test_a_reset_that_was_asked_for_while_nothing_ran_counts_at_the_start(
    world: Make,
) -> None:
    run = world(big())
    halted = RiskState(is_live=False, day="2025-04-03", halted_ms=1, is_reset_asked=True)
    losses(run).reset(5)
    losses(run).restore([halted])
    assert not losses(run).state.is_halted


async def test_a_reset_is_answered_once(world: Make, database: Database) -> None:
    run = world(big())
    await run.flat(100)
    await run.rows("risk_states")
    with database.write() as transaction:
        risk.request_reset(transaction, run.setup.id, utc_from_ms(run.clock.now_ms()))
    with database.read() as transaction:
        asked = risk.reset_requests(transaction)
    losses(run).reset(asked[run.setup.id])
    losses(run).reset(asked[run.setup.id])
    events = [row for row in await run.rows("events") if row["kind"] == "risk"]
    assert [row["message"] for row in events] == ["loss limits begin anew"]
    with database.read() as transaction:
        assert risk.reset_requests(transaction) == {}


async def test_money_that_was_paid_in_is_no_profit_and_taken_out_no_drawdown(world: Make) -> None:
    run = world(big())
    run.context.limits = replace(NONE, max_drawdown_pct=Decimal(10))
    await run.flat(100)
    assert losses(run).state.peak_equity == Decimal(10_000)
    run.context.account.balance = Decimal(6_000)
    run.next_ms += DAY_MS
    await run.flat(100)
    assert losses(run).state.peak_equity == Decimal(6_000)
    assert not losses(run).state.is_halted


async def test_a_symbol_cools_down_after_a_stop(world: Make) -> None:
    run = world(spoken())
    run.context.limits = replace(NONE, cool_down_s=150)
    await run.flat(100, ENTER_LONG)
    await run.flat(100)
    await run.flat(97)
    assert len(run.context.book) == 0
    await run.flat(97, ENTER_LONG)
    reasons = [row["reason"] for row in await run.rows("signals") if row["status"] == "refused"]
    assert reasons == ["BTC/USDT cools down after a stop: 90 s left"]
    run.next_ms += 2 * MINUTE_MS
    await run.flat(97, ENTER_LONG)
    await run.flat(97)
    (position,) = run.context.book
    assert position.side is Direction.LONG


async def test_without_limits_a_day_costs_one_row(world: Make) -> None:
    run = world(big())
    await lose(run)
    (row,) = await run.rows("risk_states")
    assert (row["day"], row["day_equity"]) == ("2025-04-03", Decimal(10_000))
    assert losses(run).state.peak_equity is None or losses(run).state.peak_equity == 10_000
