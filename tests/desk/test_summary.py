"""The figures of the header and the dashboard."""

from decimal import Decimal

from cts_tui.desk.desk import Desk
from cts_tui.model.trading import EngineStatus

from .conftest import MIDNIGHT_MS, NOW_MS, Hand


def test_an_empty_desk_has_zeros(desk: Desk) -> None:
    summary = desk.summary()
    assert (summary.now_ms, summary.is_engine_running, summary.programs) == (NOW_MS, False, ())
    assert (summary.connections, summary.connections_enabled, summary.connections_live) == (
        12,
        1,
        0,
    )
    assert (summary.open_positions, summary.open_pnl, summary.realized_pnl_total) == (0, 0, 0)


def test_open_positions_are_valued_at_the_latest_price_net_of_fees(desk: Desk, hand: Hand) -> None:
    hand.position("a")
    hand.position("b", symbol="ETH/USDT")
    hand.price("103.5")
    summary = desk.summary()
    assert summary.open_positions == 2
    assert summary.open_pnl == Decimal("7") - Decimal("0.2") - Decimal("0.2")
    assert summary.stale_positions == 1


def test_what_was_closed_before_midnight_utc_is_not_of_today(desk: Desk, hand: Hand) -> None:
    hand.closed("yesterday", "5", MIDNIGHT_MS - 1)
    hand.closed("midnight", "1.5", MIDNIGHT_MS)
    hand.closed("loss", "-4", NOW_MS)
    hand.signal(MIDNIGHT_MS - 60_000)
    hand.signal(MIDNIGHT_MS)
    summary = desk.summary()
    assert (summary.trades_today, summary.wins_today, summary.signals_today) == (2, 1, 1)
    assert summary.realized_pnl_today == Decimal("-2.5")
    assert summary.realized_pnl_total == Decimal("2.5")


def test_replays_are_left_out_of_all_figures(desk: Desk, hand: Hand) -> None:
    hand.recorded()
    hand.closed("replayed", "1000", NOW_MS, connection="replay-x")
    hand.position("half", connection="replay-x")
    summary = desk.summary()
    assert (summary.connections, summary.open_positions, summary.trades_today) == (12, 0, 0)
    assert summary.realized_pnl_total == 0
    section = desk.health.report().sections["positions"]
    assert (section["open"], section["closed"], section["realized_pnl"]) == (0, 0, "0")


def test_synthetic_prices_of_a_running_engine_are_flagged(desk: Desk, hand: Hand) -> None:
    hand.engine(feed_source="synthetic")
    assert desk.summary().is_synthetic
    hand.engine(EngineStatus.STOPPED, feed_source="synthetic")
    assert not desk.summary().is_synthetic


def test_a_program_that_has_fallen_silent_does_not_run(desk: Desk, hand: Hand) -> None:
    hand.program(age_ms=5_999)
    assert desk.summary().is_engine_running
    hand.execute("DELETE FROM engine_programs")
    hand.program(age_ms=6_000)
    summary = desk.summary()
    assert not summary.is_engine_running
    assert [program.is_alive for program in summary.programs] == [False]


def test_an_engine_that_was_killed_is_shown_as_stopped(desk: Desk, hand: Hand) -> None:
    hand.engine(age_ms=1_000)
    assert desk.connections.get("demo").status is EngineStatus.RUNNING
    hand.engine(age_ms=7_000)
    assert desk.connections.get("demo").status is EngineStatus.STOPPED
    hand.engine(EngineStatus.FAILED, age_ms=7_000, last_error="no")
    assert desk.connections.get("demo").status is EngineStatus.FAILED


def test_the_total_follows_what_closes_whatever_the_clock_does(desk: Desk, hand: Hand) -> None:
    hand.closed("first", "5", NOW_MS)
    assert desk.summary().realized_pnl_total == Decimal("5")
    hand.closed("at the same time", "1", NOW_MS)
    assert desk.summary().realized_pnl_total == Decimal("6")
    hand.closed("later", "-2", NOW_MS + 1_000)
    assert desk.summary().realized_pnl_total == Decimal("4")
    hand.closed("after the clock was set back", "10", MIDNIGHT_MS - 5_000)
    assert desk.summary().realized_pnl_total == Decimal("14")
    desk.connections.remove("demo", force=True)
    assert desk.summary().realized_pnl_total == 0
