"""What a batch writes, and what a second row of the same kind does to the first."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import postgresql, sqlite

from cts_tui.clock import utc_from_ms
from cts_tui.errors import StoreError
from cts_tui.model.trading import (
    Direction,
    EngineStatus,
    ExitReason,
    OrderStatus,
    PositionStatus,
    SignalKind,
    SignalStatus,
)
from cts_tui.store.batch import STATEMENTS, Batch
from cts_tui.store.database import Database
from cts_tui.store.tables import METADATA

from .samples import (
    CANDLE,
    FILL,
    NOW_MS,
    ORDER,
    POSITION,
    SIGNAL,
    add_connection,
    order,
    rows,
    write,
)

LATER_MS = NOW_MS + 60_000


@pytest.fixture
def owner(database: Database) -> int:
    return add_connection(database)


def written(database: Database, *fill: Callable[[Batch], None]) -> None:
    """Write each of `fill` in a batch and a transaction of its own."""
    for method in fill:
        batch = Batch()
        method(batch)
        write(database, batch)


def test_a_candle_that_comes_again_replaces_the_first(database: Database, owner: int) -> None:
    again = CANDLE._replace(close=102.0)
    written(
        database,
        lambda batch: batch.candle(owner, "BTC/USDT", "5m", CANDLE, "synthetic"),
        lambda batch: batch.candle(owner, "BTC/USDT", "5m", again, "csv"),
        lambda batch: batch.candle(owner, "BTC/USDT", "1h", CANDLE, "csv"),
        lambda batch: batch.candle(owner, "ETH/USDT", "5m", CANDLE, "csv"),
    )
    stored = rows(database, "candles")
    assert len(stored) == 3
    (first,) = [row for row in stored if (row["symbol"], row["timeframe"]) == ("BTC/USDT", "5m")]
    assert (first["close"], first["source"]) == (102.0, "csv")


def test_a_second_indication_of_a_candle_is_left_out(database: Database, owner: int) -> None:
    def indication(value: float) -> Callable[[Batch], None]:
        return lambda batch: batch.indication(
            owner, "BTC/USDT", "5m", NOW_MS, {"sma(20)": value, "rsi(14)": float("nan")}, "csv"
        )

    written(database, indication(1.5), indication(2.5))
    (row,) = rows(database, "indications")
    assert orjson.loads(row["values"]) == {"sma(20)": 1.5, "rsi(14)": None}


def test_the_latest_price_of_a_symbol_is_one_row(database: Database, owner: int) -> None:
    written(
        database,
        lambda batch: batch.latest_price(owner, "BTC/USDT", Decimal("1.1"), NOW_MS, "csv"),
        lambda batch: batch.latest_price(
            owner, "BTC/USDT", Decimal("1.2"), LATER_MS, "synthetic", is_stale=True
        ),
    )
    (row,) = rows(database, "latest_prices")
    assert (row["price"], row["time_ms"], row["source"], row["is_stale"]) == (
        Decimal("1.2"),
        LATER_MS,
        "synthetic",
        True,
    )


def signal(**changes: Any) -> Callable[[Batch], None]:
    return lambda batch: batch.signal(1, replace(SIGNAL, **changes), SignalStatus.NEW, NOW_MS)


def test_a_signal_is_one_by_strategy_symbol_timeframe_candle_and_side(
    database: Database, owner: int
) -> None:
    assert owner == 1
    written(database, signal(), signal(price=Decimal(7), reason="again", kind=SignalKind.EXIT))
    (row,) = rows(database, "signals")
    assert (row["price"], row["reason"], row["kind"]) == (SIGNAL.price, SIGNAL.reason, "entry")
    written(
        database,
        signal(strategy="other"),
        signal(symbol="ETH/USDT"),
        signal(timeframe="1h"),
        signal(time_ms=LATER_MS),
        signal(side=Direction.SHORT),
    )
    assert len(rows(database, "signals")) == 6


def fate(status: SignalStatus, reason: str) -> Callable[[Batch], None]:
    return lambda batch: batch.signal_status(1, SIGNAL, status, reason)


def test_the_fate_of_a_signal_is_told_of_that_signal_alone(database: Database, owner: int) -> None:
    written(database, signal(), signal(side=Direction.SHORT))
    written(database, fate(SignalStatus.REFUSED, "the kill switch is on"))
    long, short = rows(database, "signals")
    assert (long["status"], long["reason"]) == ("refused", "the kill switch is on")
    assert (short["status"], short["reason"]) == ("new", SIGNAL.reason)


def test_the_fate_of_a_signal_is_sealed_once(database: Database, owner: int) -> None:
    written(database, signal(), fate(SignalStatus.EXECUTED, "close > 100"))
    written(database, fate(SignalStatus.REFUSED, "its order id is taken"))
    (row,) = rows(database, "signals")
    assert (row["status"], row["reason"]) == ("executed", "close > 100")


def test_an_order_lives_in_one_row_from_intent_to_fill(database: Database, owner: int) -> None:
    opened = replace(ORDER, status=OrderStatus.OPEN, venue_order_id="v1", updated_ms=LATER_MS)
    filled = replace(
        opened,
        status=OrderStatus.FILLED,
        filled=Decimal("0.5"),
        average_price=Decimal("101.2"),
        created_ms=LATER_MS,
    )
    written(
        database,
        lambda batch: batch.intent(owner, ORDER),
        lambda batch: batch.order(owner, opened),
        lambda batch: batch.order(owner, filled),
    )
    (row,) = rows(database, "orders")
    assert (row["status"], row["venue_order_id"], row["filled"]) == ("filled", "v1", Decimal("0.5"))
    assert row["created_at"] == utc_from_ms(NOW_MS), "when it was created does not change"
    assert row["updated_at"] == utc_from_ms(LATER_MS)


def test_an_order_that_fills_before_its_batch_is_written_is_written_as_filled(
    database: Database, owner: int
) -> None:
    batch = Batch()
    batch.intent(owner, ORDER)
    batch.order(owner, replace(ORDER, status=OrderStatus.OPEN))
    batch.order(owner, replace(ORDER, status=OrderStatus.FILLED, filled=Decimal(1)))
    batch.fill(owner, FILL)
    batch.position(owner, POSITION, NOW_MS)
    batch.position(owner, replace(POSITION, stop_price=Decimal("99.5")), LATER_MS)
    write(database, batch)
    (row,) = rows(database, "orders")
    assert (row["status"], row["filled"]) == ("filled", Decimal(1))
    (row,) = rows(database, "positions")
    assert (row["stop_price"], row["opened_at"]) == (Decimal("99.5"), utc_from_ms(NOW_MS))


def test_s4_a_second_intent_of_an_order_id_fails_with_all_of_its_batch(
    database: Database, owner: int
) -> None:
    written(database, lambda batch: batch.intent(owner, ORDER))
    again = Batch()
    again.candle(owner, "BTC/USDT", "5m", CANDLE, "csv")
    again.intent(owner, order("cts-other"))
    again.intent(owner, replace(ORDER, cost=Decimal(999)))
    again.event(time_ms=NOW_MS, who="engine", kind="order", subject="x", message="x")
    with pytest.raises(StoreError, match=r"UNIQUE constraint failed: orders\.client_order_id"):
        write(database, again)
    (row,) = rows(database, "orders")
    assert row["cost"] == ORDER.cost
    assert rows(database, "candles") == rows(database, "events") == []


def test_a_fill_is_counted_once(database: Database, owner: int) -> None:
    written(
        database,
        lambda batch: batch.intent(owner, ORDER),
        lambda batch: batch.fill(owner, FILL),
        lambda batch: batch.fill(owner, replace(FILL, quantity=Decimal(9))),
        lambda batch: batch.fill(owner, replace(FILL, venue_trade_id="trade-2")),
    )
    stored = rows(database, "fills")
    assert [row["venue_trade_id"] for row in stored] == ["trade-1", "trade-2"]
    assert stored[0]["quantity"] == FILL.quantity


def test_a_fill_of_an_order_nobody_gave_is_refused(database: Database, owner: int) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY constraint failed"):
        written(database, lambda batch: batch.fill(owner, FILL))


def test_a_position_keeps_when_it_opened_and_that_somebody_wants_it_closed(
    database: Database, owner: int
) -> None:
    written(database, lambda batch: batch.position(owner, POSITION, NOW_MS))
    with database.write() as transaction:
        table = METADATA.tables["positions"]
        transaction.execute(table.update().values(close_requested_at=utc_from_ms(LATER_MS)))
    closed = replace(
        POSITION,
        status=PositionStatus.CLOSED,
        pnl=Decimal("5.594"),
        exit_price=Decimal("103"),
        exit_time_ms=NOW_MS,
        exit_reason=ExitReason.MANUAL,
    )
    written(database, lambda batch: batch.position(owner, closed, LATER_MS))
    (row,) = rows(database, "positions")
    assert (row["status"], row["pnl"], row["exit_reason"]) == ("closed", Decimal("5.594"), "manual")
    assert row["opened_at"] == utc_from_ms(NOW_MS)
    assert row["closed_at"] == utc_from_ms(LATER_MS)
    assert row["close_requested_at"] == utc_from_ms(LATER_MS)


def state(batch: Batch, **changes: Any) -> None:
    values: dict[str, Any] = {
        "status": EngineStatus.RUNNING,
        "heartbeat_ms": NOW_MS,
        "started_ms": NOW_MS,
        "last_error": None,
        "last_error_ms": None,
        "feed_source": "csv",
        "figures": {"processors": []},
    }
    batch.engine_state(1, **(values | changes))


def test_an_engine_overwrites_its_state_but_not_the_count_of_its_restarts(
    database: Database, owner: int
) -> None:
    written(
        database,
        state,
        lambda batch: batch.engine_failure(owner, "it broke", LATER_MS),
    )
    (row,) = rows(database, "engine_states")
    assert (row["status"], row["restarts"], row["last_error"]) == ("failed", 1, "it broke")
    assert row["last_error_at"] == utc_from_ms(LATER_MS)
    assert row["heartbeat_at"] == utc_from_ms(NOW_MS)
    written(database, state, lambda batch: batch.engine_failure(owner, "again", LATER_MS), state)
    (row,) = rows(database, "engine_states")
    assert (row["status"], row["restarts"]) == ("running", 2)


def test_an_event_says_when_who_what_before_and_after(database: Database) -> None:
    batch = Batch()
    batch.event(
        time_ms=NOW_MS,
        who="engine",
        kind="order",
        subject="cts-1",
        message="expired",
        before="open",
        after="expired",
    )
    write(database, batch)
    (row,) = rows(database, "events")
    assert dict(row) == {
        "id": 1,
        "time": utc_from_ms(NOW_MS),
        "who": "engine",
        "kind": "order",
        "subject": "cts-1",
        "before": "open",
        "after": "expired",
        "message": "expired",
    }


def test_a_batch_counts_its_rows_and_an_empty_one_writes_nothing(
    database: Database, owner: int
) -> None:
    batch = Batch()
    assert len(batch) == 0
    write(database, batch)
    batch.candle(owner, "BTC/USDT", "5m", CANDLE, "csv")
    batch.intent(owner, ORDER)
    assert len(batch) == 2


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_can_be_written_on_both_databases(name: str) -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        statement = STATEMENTS[name][dialect.name]
        assert isinstance(statement, ClauseElement)
        written = str(statement.compile(dialect=dialect))
        assert written.startswith(("INSERT INTO", "UPDATE", "DELETE"))


def test_s14_every_amount_in_the_file_is_text(database: Database, owner: int) -> None:
    batch = Batch()
    batch.intent(owner, replace(ORDER, quantity=Decimal("0.1"), price=Decimal("3")))
    batch.fill(owner, FILL)
    batch.position(owner, replace(POSITION, pnl=Decimal("1e-12"), exit_price=Decimal(5)), NOW_MS)
    batch.signal(owner, SIGNAL, SignalStatus.NEW, NOW_MS)
    batch.latest_price(owner, "BTC/USDT", Decimal("0.30000000000000000004"), NOW_MS, "csv")
    write(database, batch)
    file = sqlite3.connect(database.url.removeprefix("sqlite:///"))
    amounts = [
        (table.name, column.name)
        for table in METADATA.sorted_tables
        for column in table.columns
        if type(column.type).__name__ == "DecimalText"
    ]
    assert len(amounts) > 20
    for table, column in amounts:
        kinds = {row[0] for row in file.execute(f"SELECT typeof({column}) FROM {table}")}
        assert kinds <= {"text", "null"}, f"{table}.{column}"
    assert file.execute("SELECT price FROM latest_prices").fetchone()[0] == "0.30000000000000000004"
    file.close()
