"""What execution is asked for, and the orders that these requests become."""

from dataclasses import dataclass, replace
from decimal import Decimal

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.netting import is_opposed
from cts_tui.engine.order_ids import entry_id, exit_id, moved_id
from cts_tui.engine.risk import Refusal, check_automatic_exit, check_exit
from cts_tui.model.market import Source
from cts_tui.model.money import ZERO, of_percent
from cts_tui.model.records import Order, Signal
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Direction, ExitReason, OrderPurpose, OrderStatus, OrderType, Side
from cts_tui.rules.protection import exit_order_type
from cts_tui.rules.sizing import entry_quantity
from cts_tui.venue.steps import step_down, step_price


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


def entry_order(context: EngineContext, request: EntryRequest, cost: Decimal) -> Order:
    """Return the order that opens a position for `cost` (quote currency).

    It is sized by the quantity that the cost buys at the price it would fill at now, or its limit,
    on the venue's step. At market in a replay it is sized by cost, where it fills.
    """
    signal, now_ms = request.signal, context.now_ms()
    key = entry_id(context.store_id, context.setup.name, signal)
    is_live = context.setup.live
    price = limit_price(context, signal)
    is_by_cost = price is None and not is_live and not context.market.has_ticks
    quantity = None if is_by_cost else _quantity(context, signal, cost, price)
    return Order(
        client_order_id=key,
        position_key=key,
        strategy=signal.strategy,
        symbol=signal.symbol,
        side=Side.to_open(signal.side),
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        reduce_only=False,
        quantity=quantity,
        cost=None if quantity is not None else cost,
        price=price,
        status=OrderStatus.INTENT,
        created_ms=now_ms,
        updated_ms=now_ms,
        reason=signal.reason,
        purpose=OrderPurpose.ENTRY,
        timeframe=signal.timeframe,
        is_live=is_live,
    )


def limit_price(context: EngineContext, signal: Signal) -> Decimal | None:
    """Return the limit of an entry by the settings, None for one at market.

    The own side of the book, or the last price, less the offset: a bid of 100 and an offset of
    0.5 % → 99.5 for a long. A replay always enters at market, as a backtest does.
    """
    settings = context.settings
    quote = context.market.quotes.get(signal.symbol)
    if settings.entry_order != "limit" or context.is_recorded or quote is None:
        return None
    side = Side.to_open(signal.side)
    own = (quote.bid if side is Side.BUY else quote.ask) or quote.price
    price = own - signal.side.sign * of_percent(own, settings.limit_offset_pct)
    instrument = context.instrument(signal.symbol)
    return price if instrument is None else step_price(price, instrument.price_step, side)


def _quantity(
    context: EngineContext, signal: Signal, cost: Decimal, price: Decimal | None
) -> Decimal:
    """Return the base quantity of an entry; 0 where there is no price to size it by."""
    if price is None:
        market = context.market
        quotes = market.real_quotes if context.setup.live else market.quotes
        quote = quotes.get(signal.symbol)
        if quote is None:
            return ZERO
        price = (quote.ask if signal.side is Direction.LONG else quote.bid) or quote.price
    quantity = entry_quantity(cost, price)
    instrument = context.instrument(signal.symbol)
    return quantity if instrument is None else step_down(quantity, instrument.amount_step)


def entry_again(context: EngineContext, signal: Signal, ended: Order, attempt: int) -> Order:
    """Return the order that goes on with a limit entry whose wait is over, at the price of now."""
    now_ms = context.now_ms()
    price = limit_price(context, signal)
    return replace(
        ended,
        client_order_id=moved_id(ended.position_key, attempt),
        venue_order_id=None,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        quantity=(ended.quantity or ZERO) - ended.filled,
        price=price,
        status=OrderStatus.INTENT,
        filled=ZERO,
        average_price=None,
        fees=ZERO,
        answer="",
        is_live=context.setup.live,
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def exit_order(context: EngineContext, request: ExitRequest) -> Order:
    """Return the reduce-only order that closes a position, for its current attempt.

    Only where a late order has us hold both sides of a symbol, which the account may have netted,
    it must do more than reduce.

    A touched level is told to a venue that matches by itself; an exchange gets a market order.
    """
    position, now_ms = request.position, context.now_ms()
    return Order(
        client_order_id=exit_id(position.key, position.exit_attempts),
        position_key=position.key,
        strategy=position.strategy,
        symbol=position.symbol,
        side=Side.to_close(position.side),
        type=OrderType.MARKET if position.is_live else _exit_type(request),
        reduce_only=not (position.is_live and is_opposed(context, position.symbol, position.side)),
        quantity=exit_quantity(context, position),
        cost=None,
        price=None if position.is_live else request.price,
        status=OrderStatus.INTENT,
        created_ms=now_ms,
        updated_ms=now_ms,
        reason=request.reason,
        purpose=OrderPurpose.EXIT,
        timeframe=position.timeframe,
        is_live=position.is_live,
    )


def exit_quantity(context: EngineContext, position: LivePosition) -> Decimal:
    """Return how much there is to close, on the venue's step."""
    instrument = context.instrument(position.symbol)
    held = position.holding.held
    return held if instrument is None else step_down(held, instrument.amount_step)


def _exit_type(request: ExitRequest) -> OrderType:
    """Return how an exit may fill; where a replay ends nothing is sent, so nothing slips."""
    if request.price is None:
        return OrderType.MARKET
    is_end = request.reason is ExitReason.END
    return OrderType.TAKE_PROFIT if is_end else exit_order_type(request.reason)


def exit_refusal(context: EngineContext, request: ExitRequest) -> Refusal | None:
    """Return why a position may not be closed now; levels were checked when touched."""
    situation = context.exit_situation(request.position, request.signal)
    is_by_rule = request.reason is ExitReason.RULE
    return check_automatic_exit(situation) if is_by_rule else check_exit(situation)


def is_owed(request: ExitRequest) -> bool:
    """Return whether an exit that cannot go out now is to go out later.

    Only a rule's of real money: the rule may not fire again. Not that of a made-up candle (S3).
    """
    is_invented = request.signal is not None and request.signal.source == Source.SYNTHETIC
    return request.reason is ExitReason.RULE and request.position.is_live and not is_invented


def exit_again(context: EngineContext, order: Order) -> ExitRequest | None:
    """Return what is to be asked for again now that a live exit is over; None where nothing is.

    A rule's exit that did not arrive, or left something. One that the venue refused at once is put
    off where it was sent.
    """
    position = context.book.get(order.position_key)
    if position is None or order.purpose is not OrderPurpose.EXIT or not order.is_live:
        return None
    if order.filled:
        position.exit_refusals = 0
    elif order.status is OrderStatus.REJECTED and not order.is_given_up:
        return None
    position.wait_longer(context.now_ms())
    return ExitRequest(position, ExitReason.RULE) if order.reason == ExitReason.RULE else None
