"""What the store tells: views with exact figures, counts, requests; and what it forgets."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cts_tui.clock import utc_from_ms
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.model.trading import (
    Direction,
    EngineStatus,
    ExitReason,
    MarketType,
    Mode,
    OrderPurpose,
    OrderStatus,
    PositionStatus,
    SignalStatus,
)
from cts_tui.store import (
    connections,
    engines,
    events,
    facts,
    history,
    positions,
    retention,
    setting_rows,
    strategies,
)
from cts_tui.store import orders as orders_read
from cts_tui.store.batch import Batch
from cts_tui.store.database import Database
from cts_tui.store.row_counts import row_counts
from cts_tui.store.tables import METADATA

from .samples import (
    CANDLE,
    FILL,
    NOW,
    NOW_MS,
    ORDER,
    POSITION,
    SIGNAL,
    add_connection,
    order,
    position,
    rows,
    write,
)

DAY_MS = 86_400_000
TABLES = METADATA.tables


@pytest.fixture
def owner(database: Database) -> int:
    return add_connection(database)


def closed(key: str, pnl: str, **changes: Any) -> Any:
    values = {
        "status": PositionStatus.CLOSED,
        "pnl": Decimal(pnl),
        "exit_price": Decimal("103"),
        "exit_time_ms": NOW_MS,
        "exit_reason": ExitReason.RULE,
        **changes,
    }
    return position(key, **values)


def put(database: Database, owner: int, *records: Any, now_ms: int = NOW_MS) -> None:
    batch = Batch()
    for record in records:
        batch.position(owner, record, now_ms)
    write(database, batch)


def price(database: Database, owner: int, amount: str, **changes: Any) -> None:
    batch = Batch()
    values = {"symbol": "BTC/USDT", "time_ms": NOW_MS, "source": "stream", **changes}
    batch.latest_price(owner, price=Decimal(amount), **values)
    write(database, batch)


def views(database: Database, now_ms: int = NOW_MS, **chosen: Any) -> list[Any]:
    with database.read() as transaction:
        return positions.views(transaction, now_ms, **chosen)


# positions


def test_an_open_position_is_worth_its_move_less_the_fees_paid(
    database: Database, owner: int
) -> None:
    put(database, owner, POSITION, position("short", side=Direction.SHORT))
    price(database, owner, "101.123456789012")
    short, long = views(database)
    assert long.pnl == Decimal("2") * Decimal("1.123456789012") - Decimal("0.2")
    assert short.pnl == -Decimal("2") * Decimal("1.123456789012") - Decimal("0.2")
    assert long.pnl_pct == pytest.approx(float(long.pnl / 200 * 100))
    assert (long.mark_price, long.source) == (Decimal("101.123456789012"), "stream")
    assert not (long.is_stale or short.is_stale)


def test_s3_a_position_without_a_price_is_shown_at_its_entry_price_marked_stale(
    database: Database, owner: int
) -> None:
    put(database, owner, POSITION)
    (view,) = views(database)
    assert view.pnl == -POSITION.fees
    assert view.is_stale


@pytest.mark.parametrize(
    ("flagged", "age_ms", "is_stale"),
    [(False, 0, False), (False, 30_000, False), (False, 30_001, True), (True, 0, True)],
)
def test_a_position_is_stale_when_its_price_is_flagged_or_old(
    database: Database, owner: int, flagged: bool, age_ms: int, is_stale: bool
) -> None:
    put(database, owner, POSITION)
    price(database, owner, "101", is_stale=flagged)
    (view,) = views(database, NOW_MS + age_ms)
    assert view.is_stale is is_stale


def test_the_price_of_another_connection_values_nothing(database: Database, owner: int) -> None:
    other = add_connection(database, "other")
    put(database, owner, POSITION)
    price(database, other, "150")
    (view,) = views(database)
    assert view.pnl == -POSITION.fees


def test_a_closed_position_keeps_its_pnl_whatever_the_price_does(
    database: Database, owner: int
) -> None:
    put(database, owner, closed("one", "5.594"))
    price(database, owner, "200", is_stale=True)
    (view,) = views(database, NOW_MS + DAY_MS)
    assert (view.pnl, view.mark_price, view.exit_reason) == (
        Decimal("5.594"),
        Decimal("103"),
        "rule",
    )
    assert not view.is_stale


def test_positions_are_listed_open_ones_first_then_the_newest(
    database: Database, owner: int
) -> None:
    other = add_connection(database, "other")
    put(database, owner, position("a"), closed("b", "1"), position("c"))
    put(database, other, closed("d", "1"))
    keys = {row["id"]: row["key"] for row in rows(database, "positions")}

    def listed(**chosen: Any) -> str:
        return "".join(keys[view.id] for view in views(database, **chosen))

    assert listed() == "cadb"
    assert listed(is_open=True) == "ca"
    assert listed(is_open=False) == "db"
    assert listed(connection="other") == "d"
    assert listed(limit=3) == "cad"


def test_realized_pnl_counts_closed_positions_their_wins_and_their_day(
    database: Database, owner: int
) -> None:
    other = add_connection(database, "other")
    put(database, owner, closed("a", "5.5"), closed("b", "-2.25"), position("open"))
    put(database, other, closed("c", "0"))
    put(database, owner, closed("late", "0.000000000001"), now_ms=NOW_MS + 1)
    with database.read() as transaction:
        assert positions.realized_pnl(transaction) == (Decimal("3.250000000001"), 4, 2)
        assert positions.realized_pnl(transaction, connection_id=other) == (Decimal(0), 1, 0)
        since = utc_from_ms(NOW_MS + 1)
        assert positions.realized_pnl(transaction, since=since) == (Decimal("1e-12"), 1, 1)


def test_a_request_to_close_is_heard_until_the_position_is_closed(
    database: Database, owner: int
) -> None:
    put(database, owner, position("a"), position("b"), closed("c", "1"))
    with database.write() as transaction:
        assert positions.close_requests(transaction) == {}
        for row in rows(database, "positions"):
            if row["key"] != "b":
                positions.request_close(transaction, row["id"], NOW)
        assert positions.close_requests(transaction) == {owner: {"a"}}
    put(database, owner, closed("a", "1"))
    with database.read() as transaction:
        assert positions.close_requests(transaction) == {}


def test_an_engine_gets_back_the_positions_it_left(database: Database, owner: int) -> None:
    trailing = position(
        "trailing",
        status=PositionStatus.CLOSING,
        is_trailing=True,
        best_close=Decimal("104.25"),
        trailing_stop_pct=Decimal("1.5"),
        stop_price=Decimal("102.68625"),
        target_price=None,
    )
    put(database, owner, POSITION, trailing, closed("closed", "1"))
    with database.read() as transaction:
        assert positions.open_records(transaction, owner) == [POSITION, trailing]
        assert positions.count_open(transaction, owner) == 2
        assert positions.open_records(transaction, owner + 1) == []


amounts = st.decimals("0.000000000001", "1e9", places=12)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.builds(
        lambda **values: replace(POSITION, **values),
        quantity=amounts,
        entry_price=amounts,
        stop_price=st.none() | amounts,
        target_price=st.none() | amounts,
        best_close=st.none() | amounts,
        trailing_stop_pct=amounts,
        fees=amounts,
        side=st.sampled_from(Direction),
        status=st.sampled_from([PositionStatus.OPEN, PositionStatus.CLOSING]),
        is_trailing=st.booleans(),
        is_live=st.booleans(),
        entry_time_ms=st.integers(0, 2**53),
    )
)
def test_any_position_comes_back_as_it_was(database: Database, owner: int, record: Any) -> None:
    put(database, owner, record)
    with database.read() as transaction:
        assert positions.open_records(transaction, owner) == [record]


# orders, signals, candles


def test_unfinished_orders_come_back_as_they_were(database: Database, owner: int) -> None:
    batch = Batch()
    for status in OrderStatus:
        batch.intent(owner, order(f"cts-{status}", status=status, quantity=Decimal("0.1")))
    write(database, batch)
    with database.read() as transaction:
        unfinished = orders_read.unfinished_orders(transaction, owner)
    ended = {"filled", "cancelled", "rejected", "expired"}
    assert {one.status.value for one in unfinished} == set(OrderStatus) - ended
    (opened,) = [one for one in unfinished if one.status is OrderStatus.OPEN]
    assert opened == order("cts-open", status=OrderStatus.OPEN, quantity=Decimal("0.1"))


def test_exits_are_counted_by_position_so_that_the_next_one_gets_a_new_id(
    database: Database, owner: int
) -> None:
    batch = Batch()
    batch.intent(owner, ORDER)
    for number in (1, 2):
        batch.intent(owner, order(f"exit-{number}", purpose=OrderPurpose.EXIT, position_key="a"))
    batch.intent(owner, order("exit-b", purpose=OrderPurpose.EXIT, position_key="b"))
    write(database, batch)
    with database.read() as transaction:
        assert orders_read.exit_attempts(transaction, owner) == {"a": 2, "b": 1}


def test_orders_and_signals_are_listed_newest_first_and_by_connection(
    database: Database, owner: int
) -> None:
    other = add_connection(database, "other")
    batch = Batch()
    for number, who in enumerate((owner, other, owner)):
        batch.intent(who, order(f"cts-{number}"))
        moved = replace(SIGNAL, time_ms=NOW_MS + number)
        batch.signal(who, moved, SignalStatus.NEW, NOW_MS)
    write(database, batch)
    with database.read() as transaction:
        orders = orders_read.order_views(transaction)
        assert [view.client_order_id for view in orders] == ["cts-2", "cts-1", "cts-0"]
        assert orders[0].cost == Decimal(100)
        assert len(orders_read.order_views(transaction, limit=1)) == 1
        (view,) = orders_read.order_views(transaction, connection="other")
        assert (view.client_order_id, view.connection) == ("cts-1", "other")
        signals = history.signal_views(transaction)
        assert [view.time_ms - NOW_MS for view in signals] == [2, 1, 0]
        assert signals[0].price == SIGNAL.price
        assert [view.connection for view in history.signal_views(transaction, limit=2)] == [
            "paper",
            "other",
        ]
        assert history.count_signals(transaction) == 3
        assert history.count_signals(transaction, since_ms=NOW_MS + 1) == 2


def test_the_newest_candles_come_back_oldest_first(database: Database, owner: int) -> None:
    batch = Batch()
    for minute in range(10):
        moved = CANDLE._replace(time_ms=NOW_MS + minute * 60_000, volume=float(minute))
        batch.candle(owner, "BTC/USDT", "1m", moved, "csv")
        batch.candle(owner, "ETH/USDT", "1m", moved, "csv")
    batch.candle(owner, "BTC/USDT", "5m", CANDLE, "csv")
    write(database, batch)
    with database.read() as transaction:
        columns = history.candles(transaction, owner, "BTC/USDT", "1m", 4)
        assert columns.volume.tolist() == [6, 7, 8, 9]
        assert next(iter(columns)) == CANDLE._replace(time_ms=NOW_MS + 360_000, volume=6.0)
        assert len(history.candles(transaction, owner, "SOL/USDT", "1m", 4)) == 0


# connections, strategies, settings, programs


def test_s1_a_new_connection_is_disabled_paper_and_not_live(database: Database) -> None:
    add_connection(database)
    (row,) = rows(database, "connections")
    assert (row["enabled"], row["live"], row["mode"]) == (False, False, "paper")


@pytest.mark.parametrize("mode", ["", "LIVE", "production", "none"])
def test_s1_a_mode_that_is_not_known_is_paper(database: Database, owner: int, mode: str) -> None:
    with database.write() as transaction:
        transaction.execute(text("UPDATE connections SET mode = :mode"), {"mode": mode})
        assert [setup.mode for setup in connections.setups(transaction)] == [Mode.PAPER]
        assert [view.mode for view in connections.views(transaction)] == [Mode.PAPER]


def test_a_connection_comes_back_as_it_was_set_up(database: Database) -> None:
    draft = ConnectionDraft(
        name="okx-main",
        exchange="okx",
        mode=Mode.TESTNET,
        market=MarketType.SWAP,
        symbols=("BTC/USDT:USDT", "ETH/USDT:USDT"),
        timeframe="15m",
        ccxt_config={"options": {"defaultType": "swap"}},
    )
    with database.write() as transaction:
        connection_id = connections.add(transaction, draft, NOW, is_predefined=True, enabled=True)
        setup = connections.find(transaction, "okx-main")
        (view,) = connections.views(transaction)
    assert setup is not None
    assert {name: getattr(setup, name) for name in draft.__slots__} == {
        name: getattr(draft, name) for name in draft.__slots__
    }
    assert (setup.id, setup.enabled, setup.live) == (connection_id, True, False)
    assert (view.status, view.restarts, view.is_predefined) == (EngineStatus.STOPPED, 0, True)


def owned_rows(database: Database, connection_id: int) -> Mapping[str, int]:
    """Return how many rows of each table belong to a connection."""
    written_later = {"credentials", "externals", "balances", "risk_states"}
    tables = [
        name
        for name in TABLES
        if "connection_id" in TABLES[name].columns and name not in written_later
    ]
    with database.read() as transaction:
        return {
            name: transaction.execute(
                text(f"SELECT count(*) FROM {name} WHERE connection_id = :id"),
                {"id": connection_id},
            ).scalar_one()
            for name in tables
        }


def one_of_each(owner: int, prefix: str) -> Batch:
    batch = Batch()
    batch.candle(owner, "BTC/USDT", "5m", CANDLE, "csv")
    batch.indication(owner, "BTC/USDT", "5m", NOW_MS, {}, "csv")
    batch.latest_price(owner, "BTC/USDT", Decimal(1), NOW_MS, "csv")
    batch.signal(owner, SIGNAL, SignalStatus.NEW, NOW_MS)
    batch.intent(owner, order(f"{prefix}-1"))
    batch.fill(owner, replace(FILL, client_order_id=f"{prefix}-1"))
    batch.position(owner, position(f"{prefix}-1"), NOW_MS)
    return batch


@pytest.mark.parametrize("by", ["the store", "its row alone"])
def test_removing_a_connection_deletes_all_that_belongs_to_it_and_nothing_else(
    database: Database, owner: int, by: str
) -> None:
    other = add_connection(database, "other")
    write(database, one_of_each(owner, "a"))
    write(database, one_of_each(other, "b"))
    kept = owned_rows(database, other)
    assert set(kept.values()) == {1}
    assert owned_rows(database, owner) == kept
    with database.write() as transaction:
        if by == "the store":
            removed = connections.remove(transaction, owner)
            own_tables = set(kept) - {"engine_states", "leases"}
            assert {name for name, count in removed.items() if count} == own_tables
        else:
            transaction.execute(text("DELETE FROM connections WHERE id = :id"), {"id": owner})
    assert set(owned_rows(database, owner).values()) == {0}
    assert owned_rows(database, other) == kept


def test_clearing_a_connection_keeps_it_and_its_engine_rows(database: Database, owner: int) -> None:
    write(database, one_of_each(owner, "a"))
    with database.write() as transaction:
        connections.clear(transaction, owner)
    left = owned_rows(database, owner)
    assert {name for name, count in left.items() if count} == {"engine_states", "leases"}
    assert len(rows(database, "connections")) == 1


def test_a_strategy_comes_back_as_it_was(database: Database) -> None:
    spec = StrategySpec(
        name="own",
        entry_long="close > 1",
        exit_short="close < 1",
        timeframe="15m",
        stop_loss_pct=Decimal("0.5"),
        trailing_stop_pct=Decimal("1.25"),
        min_profit_factor=1.5,
        gate_trades=20,
        gate_min_trades=5,
        size=Size(SizeKind.RISK_PCT, Decimal("0.75")),
        symbols=("BTC/USDT",),
        description="mine",
    )
    with database.write() as transaction:
        strategies.add(transaction, spec, NOW)
        assert strategies.specs(transaction) == []
        assert strategies.specs(transaction, only_enabled=False) == [spec]
        assert strategies.set_enabled(transaction, "own", NOW, enabled=True)
        assert not strategies.set_enabled(transaction, "other", NOW, enabled=True)
        assert strategies.specs(transaction) == [spec]
        (view,) = strategies.views(transaction)
    assert (view.enabled, view.size_kind, view.size_amount) == (True, "risk_pct", Decimal("0.75"))


@pytest.mark.parametrize("value", [True, False, "text", 1.5, ["a"]])
def test_s11_a_setting_is_a_row_that_can_be_set_again(database: Database, value: Any) -> None:
    with database.write() as transaction:
        assert setting_rows.get(transaction, "kill_switch") is None
        setting_rows.put(transaction, "kill_switch", "before", NOW)
        setting_rows.put(transaction, "kill_switch", value, NOW)
        assert setting_rows.get(transaction, "kill_switch") == value
    assert len(rows(database, "settings")) == 1


def test_a_program_is_known_from_its_start_to_its_end(database: Database) -> None:
    with database.write() as transaction:
        for name in ("one", "two"):
            engines.register(
                transaction, owner=name, pid=1, pid_started_at=NOW, host="here", now=NOW
            )
        later = NOW + timedelta(seconds=1)
        engines.beat(transaction, "one", later, {"rss_mb": 80})
        engines.beat(transaction, "one", later + timedelta(seconds=1))
        one, two = engines.programs(transaction)
        assert (one["heartbeat_at"], one["figures"]) == (NOW + timedelta(seconds=2), {"rss_mb": 80})
        assert two["heartbeat_at"] == NOW
        assert not engines.is_stop_requested(transaction, "one")
        assert engines.request_stop(transaction, later) == 2
        assert engines.is_stop_requested(transaction, "one")
        engines.deregister(transaction, "one")
        assert [row["owner"] for row in engines.programs(transaction)] == ["two"]
        assert engines.is_stop_requested(transaction, "one"), "who is not known stops"


def test_s13_events_are_listed_newest_first(database: Database) -> None:
    with database.write() as transaction:
        for number in range(3):
            events.add(
                transaction,
                time=NOW,
                who="cli",
                kind="connection",
                subject="paper",
                message=str(number),
                before="disabled",
                after="enabled",
            )
        listed = events.views(transaction)
        assert [view.message for view in listed] == ["2", "1", "0"]
        assert [view.message for view in events.views(transaction, limit=1)] == ["2"]
    assert (listed[0].time_ms, listed[0].who, listed[0].before, listed[0].after) == (
        NOW_MS,
        "cli",
        "disabled",
        "enabled",
    )


# pruning


def series(database: Database, owner: int, symbol: str, times_ms: list[int]) -> None:
    batch = Batch()
    for time_ms in times_ms:
        batch.candle(owner, symbol, "1m", CANDLE._replace(time_ms=time_ms), "csv")
        batch.indication(owner, symbol, "1m", time_ms, {}, "csv")
    write(database, batch)


@pytest.mark.parametrize("table", ["candles", "indications"])
def test_old_rows_are_pruned_by_count_and_by_age_before_the_newest_of_their_series(
    database: Database, owner: int, table: str
) -> None:
    prune = getattr(retention, f"prune_{table}")
    minutes = [NOW_MS + number * 60_000 for number in range(10)]
    series(database, owner, "BTC/USDT", minutes)
    series(database, owner, "ETH/USDT", minutes[:3])
    long_ago = [NOW_MS - 900 * DAY_MS, NOW_MS - 898 * DAY_MS, NOW_MS - 897 * DAY_MS]
    series(database, owner, "OLD/USDT", long_ago)
    with database.write() as transaction:
        assert prune(transaction, keep=4, keep_days=2) == 6 + 1
        assert prune(transaction, keep=4, keep_days=2) == 0
    left = [(row["symbol"], row["time_ms"]) for row in rows(database, table)]
    assert sorted(left) == sorted(
        [("BTC/USDT", time_ms) for time_ms in minutes[6:]]
        + [("ETH/USDT", time_ms) for time_ms in minutes[:3]]
        + [("OLD/USDT", time_ms) for time_ms in long_ago[1:]]
    )


def test_events_are_pruned_by_age(database: Database) -> None:
    batch = Batch()
    for day in range(5):
        batch.event(
            time_ms=NOW_MS + day * DAY_MS, who="engine", kind="x", subject="x", message=str(day)
        )
    write(database, batch)
    with database.write() as transaction:
        assert retention.prune_events(transaction, before=NOW + timedelta(days=3)) == 3
    assert [row["message"] for row in rows(database, "events")] == ["3", "4"]


# facts


def test_the_facts_of_a_database_are_its_schema_sizes_and_rows(
    database: Database, owner: int
) -> None:
    write(database, one_of_each(owner, "a"))
    with database.read() as transaction:
        found = facts.schema_facts(transaction) | facts.file_facts(database)
        counts = row_counts(transaction, {}, None)
    assert found["schema"] == found["schema_expected"]
    assert counts.rows["connections"] == counts.rows["positions"] == counts.rows["candles"] == 1
    assert (counts.estimated, counts.counted_ms) == ((), {})
    assert found["size_bytes"] > 0
    assert 0 < found["disk_free_pct"] <= 100
    json.dumps(found)
