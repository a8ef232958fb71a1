"""The journal on the desk: lists, profit in sum, files."""

import csv
import stat
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cts_tui.clock import utc_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.model.journal import JournalKind, ProfitBy
from cts_tui.model.records import Fill, Order
from cts_tui.model.trading import OrderPurpose, OrderStatus, OrderType, Side

from .conftest import NOW, NOW_MS, Hand

DAY_MS = 86_400_000
ORDER = Order(
    client_order_id="o-1",
    position_key="o-1",
    strategy="sma-cross",
    symbol="BTC/USDT",
    side=Side.BUY,
    type=OrderType.MARKET,
    reduce_only=False,
    quantity=Decimal(2),
    cost=None,
    price=None,
    status=OrderStatus.FILLED,
    created_ms=NOW_MS,
    updated_ms=NOW_MS,
    reason="close > 1",
)


def order(hand: Hand, name: str, connection: str = "demo", **changes: object) -> None:
    """Record an order with one fill."""
    batch, connection_id = hand.batch(connection)
    values = replace(ORDER, client_order_id=name, **changes)  # type: ignore[arg-type]
    batch.intent(connection_id, values)
    fill = Fill(
        client_order_id=name, venue_order_id="v", venue_trade_id=f"t-{name}",
        symbol=values.symbol, side=values.side, quantity=Decimal(2), price=Decimal(100),
        fee=Decimal("0.2"), fee_currency="USDT", time_ms=values.created_ms,
    )  # fmt: skip
    batch.fill(connection_id, fill)
    hand.write(batch)


def test_trades_of_all_connections_come_the_last_closed_first_replays_left_out(
    desk: Desk, hand: Hand
) -> None:
    hand.recorded()
    hand.position("open")
    hand.closed("a", "1", NOW_MS - 3_000)
    hand.closed("b", "2", NOW_MS - 1_000, "bybit")
    hand.closed("c", "3", NOW_MS - 2_000)
    hand.closed("replayed", "9", connection="replay-x")
    assert [view.pnl for view in desk.journal.trades()] == [2, 3, 1]
    assert [view.pnl for view in desk.journal.trades(2)] == [2, 3]
    assert [view.pnl for view in desk.journal.trades(connection="replay-x")] == [9]
    since = NOW - timedelta(seconds=2)
    assert [view.pnl for view in desk.journal.trades(since=since)] == [2, 3]


def test_orders_and_fills_come_newest_first_and_are_found_by_their_words(
    desk: Desk, hand: Hand
) -> None:
    hand.recorded()
    order(hand, "o-1")
    order(hand, "o-2", "bybit", symbol="ETH/USDT", purpose=OrderPurpose.EXIT)
    order(hand, "o-3", "replay-x")
    journal = desk.journal
    assert [view.client_order_id for view in journal.orders()] == ["o-2", "o-1"]
    assert [view.client_order_id for view in journal.fills()] == ["o-2", "o-1"]
    assert [view.client_order_id for view in journal.orders(contains="eth/")] == ["o-2"]
    assert [view.client_order_id for view in journal.fills(contains="BYBIT")] == ["o-2"]
    assert journal.orders(contains="%") == []
    assert [(fill.what, fill.strategy) for fill in journal.fills(1)] == [("exit", "sma-cross")]


def test_a_payment_without_quantity_is_funding(desk: Desk, hand: Hand) -> None:
    order(hand, "o-1")
    batch, connection_id = hand.batch()
    batch.fill(
        connection_id,
        Fill("o-1", "", "funding-1", "BTC/USDT", Side.BUY, Decimal(0), Decimal(100),
             Decimal("-0.1"), "USDT", NOW_MS),
    )  # fmt: skip
    hand.write(batch)
    assert [fill.what for fill in desk.journal.fills()] == ["funding", "entry"]


def test_profit_adds_up_by_day_strategy_and_symbol_to_the_same_total(
    desk: Desk, hand: Hand
) -> None:
    hand.closed("a", "1.5", NOW_MS - DAY_MS)
    hand.closed("b", "-0.5")
    hand.closed("c", "2.000000000001", connection="bybit")
    tables = desk.journal.profits()
    assert (tables.total.trades, tables.total.wins) == (3, 2)
    assert tables.total.pnl == Decimal("3.000000000001")
    assert tables.total.fees == Decimal("0.6")
    assert tables.total.profit_factor == pytest.approx(7)
    assert [(row.name, row.trades) for row in tables.by[ProfitBy.DAY]] == [
        ("2025-04-03", 2),
        ("2025-04-02", 1),
    ]
    for by in ProfitBy:
        assert sum(row.pnl for row in tables.by[by]) == tables.total.pnl
    assert desk.journal.profits_of("bybit").total.pnl == Decimal("2.000000000001")
    assert desk.journal.profits_of(since=utc_from_ms(NOW_MS)).total.trades == 2


def test_profit_read_again_counts_what_is_new_and_forgets_what_was_deleted(
    desk: Desk, hand: Hand
) -> None:
    def total() -> tuple[int, Decimal]:
        whole = desk.journal.profits().total
        return whole.trades, whole.pnl

    assert total() == (0, 0)
    for index in range(3):
        hand.closed(f"k-{index}", "1", NOW_MS - 5_000)
        assert total() == (index + 1, index + 1)
    hand.closed("late", "10", NOW_MS - 9_000)  # closed at an earlier time than the last one
    assert total() == (4, 13)
    hand.closed("new", "5", NOW_MS)
    assert total() == (5, 18)
    hand.execute("DELETE FROM positions WHERE key = 'late'")
    assert total() == (4, 8)
    assert total() == (4, 8)


def test_a_file_has_every_row_oldest_first_and_is_private(
    desk: Desk, hand: Hand, tmp_path: Path
) -> None:
    hand.closed("a", "1.5", NOW_MS - DAY_MS)
    hand.closed("b", "-0.25")
    path, count = desk.journal.export(tmp_path / "trades.csv")
    assert (count, stat.S_IMODE(path.stat().st_mode)) == (2, 0o600)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert [row["pnl"] for row in rows] == ["1.5", "-0.25"]
    assert rows[1]["closed_at"] == "2025-04-03T12:00:00Z"
    assert (rows[0]["live"], rows[0]["side"], rows[0]["exit_price"]) == ("no", "long", "101")


@pytest.mark.parametrize("kind", JournalKind)
def test_a_file_without_a_name_goes_into_the_data_folder(
    desk: Desk, hand: Hand, kind: JournalKind, tmp_path: Path
) -> None:
    hand.closed("a", "1.5")
    order(hand, "o-1")
    path, count = desk.journal.export(kind=kind)
    assert path == (tmp_path / "data" / "exports" / f"{kind}-20250403-120000.csv").resolve()
    assert count == 1
    assert None not in next(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_a_file_that_cannot_be_written_is_refused_and_nothing_is_left(
    desk: Desk, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"the fills cannot be written to .* no folder"):
        desk.journal.export(tmp_path / "none" / "x.csv", JournalKind.FILLS)
    with pytest.raises(ConfigError, match="it is a folder"):
        desk.journal.export(tmp_path)
