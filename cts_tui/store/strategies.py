"""Strategies as rows, field by field as in their TOML files."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import OPEN_POSITION
from cts_tui.model.views import StrategyView
from cts_tui.store.database import Transaction
from cts_tui.store.peek import spec_from_row
from cts_tui.store.tables import POSITIONS, SIGNALS, STRATEGIES


def views(transaction: Transaction) -> list[StrategyView]:
    """Return every strategy in order of name."""
    query = select(STRATEGIES).order_by(STRATEGIES.c.name)
    return [_view(row) for row in transaction.execute(query).mappings()]


def specs(transaction: Transaction, *, only_enabled: bool = True) -> list[StrategySpec]:
    """Return the strategies as the rules room takes them, in order of name."""
    query = select(STRATEGIES).order_by(STRATEGIES.c.name)
    if only_enabled:
        query = query.where(STRATEGIES.c.enabled)
    return [spec_from_row(row._asdict()) for row in transaction.execute(query)]


def add(
    transaction: Transaction,
    spec: StrategySpec,
    now: datetime,
    *,
    enabled: bool = False,
    is_builtin: bool = False,
) -> None:
    """Insert a strategy."""
    transaction.execute(
        insert(STRATEGIES).values(
            **_columns(spec), enabled=enabled, is_builtin=is_builtin, updated_at=now
        )
    )


def change(transaction: Transaction, spec: StrategySpec, now: datetime) -> None:
    """Replace every field of the strategy of that name; whether it is enabled stays as it is."""
    transaction.execute(
        update(STRATEGIES)
        .where(STRATEGIES.c.name == spec.name)
        .values(**_columns(spec), updated_at=now)
    )


def remove(transaction: Transaction, name: str) -> None:
    """Delete a strategy; what it has signalled and traded stays."""
    transaction.execute(delete(STRATEGIES).where(STRATEGIES.c.name == name))


def open_positions(transaction: Transaction) -> dict[str, int]:
    """Return how many positions each strategy holds; one that holds none is left out."""
    column = POSITIONS.c
    query = (
        select(column.strategy, func.count())
        .where(column.status.in_(OPEN_POSITION))
        .group_by(column.strategy)
    )
    return {row[0]: row[1] for row in transaction.execute(query)}


def signals_since(transaction: Transaction, since_ms: int) -> dict[str, int]:
    """Return how many signals each strategy has given on candles that opened since then."""
    column = SIGNALS.c
    query = (
        select(column.strategy, func.count())
        .where(column.time_ms >= since_ms)
        .group_by(column.strategy)
    )
    return {row[0]: row[1] for row in transaction.execute(query)}


def set_enabled(transaction: Transaction, name: str, now: datetime, *, enabled: bool) -> bool:
    """Enable or disable a strategy; return whether it exists."""
    result = transaction.execute(
        update(STRATEGIES).where(STRATEGIES.c.name == name).values(enabled=enabled, updated_at=now)
    )
    return bool(result.rowcount)


def _columns(spec: StrategySpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "description": spec.description,
        "timeframe": spec.timeframe,
        "entry_long": spec.entry_long,
        "exit_long": spec.exit_long,
        "entry_short": spec.entry_short,
        "exit_short": spec.exit_short,
        "stop_loss_pct": spec.stop_loss_pct,
        "take_profit_pct": spec.take_profit_pct,
        "trailing_stop_pct": spec.trailing_stop_pct,
        "min_profit_factor": spec.min_profit_factor,
        "gate_trades": spec.gate_trades,
        "gate_min_trades": spec.gate_min_trades,
        "size_kind": spec.size.kind,
        "size_amount": spec.size.amount,
        "symbols": list(spec.symbols),
    }


def _view(row: RowMapping) -> StrategyView:
    own = {"symbols", "id", "updated_at"}
    return StrategyView(
        **{key: value for key, value in row.items() if key not in own},
        symbols=tuple(row["symbols"]),
    )
