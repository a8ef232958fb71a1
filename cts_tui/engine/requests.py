"""What execution is asked for, and the orders that these requests become."""

from dataclasses import dataclass
from decimal import Decimal

from cts_tui.engine.book import LivePosition
from cts_tui.engine.order_ids import entry_id, exit_id
from cts_tui.model.records import Order, Signal
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import ExitReason, OrderStatus, OrderType, Side
from cts_tui.rules.protection import exit_order_type


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """A signal to open a position, with the strategy that gave it."""

    signal: Signal
    spec: StrategySpec


@dataclass(frozen=True, slots=True)
class ExitRequest:
    """A position to close; `price` is that of the level that was touched, None: at market."""

    position: LivePosition
    reason: ExitReason
    price: Decimal | None = None
    signal: Signal | None = None


Request = EntryRequest | ExitRequest


def entry_order(
    request: EntryRequest, cost: Decimal, *, store_id: str, connection: str, now_ms: int
) -> Order:
    """Return the market order that opens a position for `cost` (quote currency)."""
    signal = request.signal
    key = entry_id(store_id, connection, signal)
    return Order(
        client_order_id=key,
        position_key=key,
        strategy=signal.strategy,
        symbol=signal.symbol,
        side=Side.to_open(signal.side),
        type=OrderType.MARKET,
        reduce_only=False,
        quantity=None,
        cost=cost,
        price=None,
        status=OrderStatus.INTENT,
        created_ms=now_ms,
        updated_ms=now_ms,
        reason=signal.reason,
    )


def exit_order(request: ExitRequest, *, now_ms: int) -> Order:
    """Return the reduce-only order that closes a position, for its current attempt."""
    position = request.position
    return Order(
        client_order_id=exit_id(position.key, position.exit_attempts),
        position_key=position.key,
        strategy=position.strategy,
        symbol=position.symbol,
        side=Side.to_close(position.side),
        type=_exit_type(request),
        reduce_only=True,
        quantity=position.quantity,
        cost=None,
        price=request.price,
        status=OrderStatus.INTENT,
        created_ms=now_ms,
        updated_ms=now_ms,
        reason=request.reason,
    )


def _exit_type(request: ExitRequest) -> OrderType:
    """Return how an exit may fill; where a replay ends nothing is sent, so nothing slips."""
    if request.price is None:
        return OrderType.MARKET
    return OrderType.LIMIT if request.reason is ExitReason.END else exit_order_type(request.reason)
