"""The journal with the shape of the desk's, over frozen rows; files are only counted."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from cts_tui.desk.profits import profit_tables
from cts_tui.errors import ConfigError
from cts_tui.model.journal import FillView, JournalKind, ProfitTables
from cts_tui.model.trading import OrderPurpose, Side
from cts_tui.model.views import OrderView, PositionView

from .frozen_live import ORDERS
from .frozen_time import DAY, MINUTE, NOW_MS

_PRICES = (Decimal("81204.9"), Decimal("3120.55"), Decimal("0.16842"))
_SYMBOLS = ("BTC/USDT:USDT", "ETH/USDT:USDT", "DOGE/USDT:USDT")
FILLS = [
    FillView(
        id=900 - index,
        time_ms=NOW_MS - index * 23 * MINUTE,
        connection=("bybit-paper", "kraken-main")[index % 2],
        symbol=_SYMBOLS[index % 3],
        strategy=("sma-cross", "rsi-dip", "macd-cross")[index % 3],
        purpose=(OrderPurpose.ENTRY, OrderPurpose.EXIT)[index % 2],
        side=(Side.BUY, Side.SELL)[index % 2],
        quantity=Decimal(0) if index == 2 else Decimal("0.0153") * (1 + index * 7),
        price=_PRICES[index % 3],
        fee=Decimal("-0.0314") if index == 2 else Decimal("0.6212") / (index + 1),
        fee_currency="USDT",
        client_order_id=f"cts-{index}",
        venue_trade_id=f"t-{index}",
        is_live=index % 2 == 1,
    )
    for index in range(9)
]


class FakeJournal:
    """Lists what the positions of the desk have closed."""

    def __init__(self, calls: list[Any], positions: list[PositionView]) -> None:
        self._calls = calls
        self._positions = positions
        self.fill_rows: list[FillView] = list(FILLS)
        self.order_rows = [replace(order, connection="bybit-paper") for order in ORDERS]
        self.refusal = ""
        self.asked: list[tuple[str, int | None, str]] = []

    @property
    def trade_rows(self) -> list[PositionView]:
        return [one for one in self._positions if one.closed_at_ms is not None]

    def trades(self, limit: int | None = 500, *, contains: str = "") -> list[PositionView]:
        self.asked.append(("trades", limit, contains))
        return self.trade_rows[:limit]

    def orders(self, limit: int | None = 500, *, contains: str = "") -> list[OrderView]:
        self.asked.append(("orders", limit, contains))
        return self.order_rows[:limit]

    def fills(self, limit: int | None = 500, *, contains: str = "") -> list[FillView]:
        self.asked.append(("fills", limit, contains))
        return self.fill_rows[:limit]

    def profits(self) -> ProfitTables:
        return profit_tables(
            (f"2025-04-{3 - (NOW_MS - (one.closed_at_ms or 0)) // DAY:02}", one.strategy,
             one.symbol, one.pnl, one.fees)
            for one in self.trade_rows
        )  # fmt: skip

    def export(self, *, kind: JournalKind) -> tuple[Path, int]:
        if self.refusal:
            raise ConfigError(self.refusal)
        self._calls.append(("export", kind))
        return Path(f"exports/{kind}.csv"), 8
