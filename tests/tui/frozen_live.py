"""Frozen gates, limits and orders: what real money needs, and what became of it."""

from dataclasses import replace
from decimal import Decimal

from cts_tui.model.gate import Flattening, Gate
from cts_tui.model.limits import RiskLimits, RiskState, RiskView
from cts_tui.model.live_view import LiveConnection
from cts_tui.model.records import Fill
from cts_tui.model.risk_usage import RiskUsage
from cts_tui.model.trading import (
    Mode,
    OrderPurpose,
    OrderStatus,
    OrderType,
    PositionStatus,
    Side,
    TimeInForce,
)
from cts_tui.model.views import OrderView

from . import frozen
from .frozen_time import HOUR, MINUTE, NOW_MS

GATES = (
    Gate.opened("enabled", "it is enabled"),
    Gate.opened("mode", "live: real money"),
    Gate.opened("credentials", "stored, encrypted"),
    Gate.opened("tested", "passed 1.1 h ago, the key is accepted"),
    Gate.opened(
        "permissions",
        "kraken cannot be asked what the key may do: see there that it may not withdraw",
        is_warning=True,
    ),
    Gate.opened("engine", "it runs"),
    Gate.opened("clock", "the exchange's clock is +12 ms from ours"),
    Gate.opened("account", "the engine reaches the account"),
    Gate.opened("reconciled", "orders, fills and positions agree with the exchange"),
    Gate.opened("orders", "no order has an unknown outcome"),
    Gate.opened("kill switch", "it is off"),
    Gate.opened("loss limits", "none is reached"),
    Gate.opened("flatten", "nothing is being closed"),
)
_CLOSED = {
    "tested": Gate.closed(
        "tested", "the credentials were changed after the last test", "connections test kraken-main"
    ),
    "engine": Gate.closed("engine", "no engine runs it", "start one with: cts-tui run"),
    "reconciled": Gate.closed(
        "reconciled",
        "orders and positions were not compared with the exchange",
        "wait until the engine has done so",
    ),
}
CLOSED_GATES = tuple(_CLOSED.get(gate.name, gate) for gate in GATES)

LIMITS = RiskView(
    "kraken-main",
    replace(
        RiskLimits(),
        max_open_positions=3,
        max_exposure=Decimal(5000),
        max_daily_loss=Decimal(250),
        max_drawdown_pct=Decimal(10),
        cool_down_s=900,
    ),
    own=("max_daily_loss", "max_exposure"),
    states=(
        RiskState(
            is_live=True,
            day="2025-04-03",
            halted_ms=NOW_MS - 2 * HOUR,
            halt_reason="daily loss 262.40 of 8,000.00 since 00:00 UTC, the limit is 250.00: "
            "no entries until tomorrow",
            is_halt_daily=True,
        ),
    ),
)
USAGE = RiskUsage(
    read_ms=NOW_MS,
    is_live=True,
    open_positions=1,
    largest_symbol="ETH/USD",
    largest=Decimal("2251.56"),
    exposure=Decimal("2251.56"),
    total_exposure=Decimal("2251.56"),
    equity=Decimal("7737.60"),
    day_loss=Decimal("262.40"),
    day_loss_pct=3.28,
    drawdown_pct=4.02,
    cooling=(("BTC/USD", NOW_MS + 7 * MINUTE),),
)

_ENTRY = OrderView(
    client_order_id="cts-7f3a-e1",
    venue_order_id="OQ7-1",
    connection="kraken-main",
    symbol="ETH/USD",
    side=Side.BUY,
    type=OrderType.MARKET,
    quantity=Decimal("1.25"),
    cost=None,
    price=None,
    status=OrderStatus.FILLED,
    filled=Decimal("1.25"),
    average_price=Decimal("1801.25"),
    fees=Decimal("5.8541"),
    reason="crosses_above(macd(12,26,9).macd, macd(12,26,9).signal)",
    created_at_ms=NOW_MS - 26 * HOUR,
    is_live=True,
    strategy="macd-trend",
    updated_at_ms=NOW_MS - 26 * HOUR + 410,
)
_STOP = replace(
    _ENTRY,
    client_order_id="cts-7f3a-s1",
    venue_order_id="OQ7-2",
    side=Side.SELL,
    type=OrderType.STOP,
    price=Decimal("1765.23"),
    status=OrderStatus.OPEN,
    filled=Decimal(0),
    average_price=None,
    fees=Decimal(0),
    reason="stop_loss",
    purpose=OrderPurpose.STOP,
    reduce_only=True,
    created_at_ms=NOW_MS - 26 * HOUR + 900,
)
_UNKNOWN = replace(
    _STOP,
    client_order_id="cts-7f3a-x1",
    venue_order_id=None,
    type=OrderType.LIMIT,
    price=Decimal("1790.0"),
    time_in_force=TimeInForce.IOC,
    status=OrderStatus.UNKNOWN,
    reason="manual",
    purpose=OrderPurpose.EXIT,
    answer="the exchange did not answer in 10 s: it may have happened",
    created_at_ms=NOW_MS - 12_000,
    updated_at_ms=NOW_MS - 2_000,
)
ORDERS = [_UNKNOWN, _STOP, _ENTRY]
FILLS = [
    Fill("cts-7f3a-e1", "OQ7-1", f"T{n}", "ETH/USD", Side.BUY, Decimal(quantity),
         Decimal("1801.25"), Decimal(fee), "USD", NOW_MS - 26 * HOUR + 300 + n)
    for n, (quantity, fee) in enumerate((("0.75", "3.5125"), ("0.5", "2.3416")))
]  # fmt: skip

BARE = replace(
    frozen.ETH,
    exited=Decimal("0.5"),
    stop_order_id=None,
    unprotected_since_ms=NOW_MS - 12_000,
    status=PositionStatus.CLOSING,
)
TRIAL = replace(
    frozen.BTC, id=104, connection="bybit-test", is_live=True, is_test_money=True, stop_order_id="s"
)
DUSTY = replace(
    frozen.CLOSED_POSITIONS[0],
    status=PositionStatus.CLOSED_WITH_DUST,
    is_live=True,
    exited=Decimal("2.4991"),
)
TROUBLED = replace(
    frozen.SUMMARY,
    live=(
        LiveConnection(
            "kraken-main", Mode.LIVE, is_on=True, positions=1, unprotected=1, unknown_orders=1,
            is_reconciled=False,
        ),
        LiveConnection("bybit-test", Mode.TESTNET, is_on=True, positions=1),
    ),
    flattening=(Flattening("kraken-main", positions=1, orders=0, is_enabled=True),),
)  # fmt: skip
