"""The trader's limits before every entry: collar, sizes, exposure, pace, losses, balance.

Each check is a pure function that says in figures what was over what. Exits are never limited.
"""

from decimal import Context, Decimal
from typing import Final

from cts_tui.engine.context import EngineContext
from cts_tui.engine.exposure import Exposure
from cts_tui.engine.loss_limits import LossLimits
from cts_tui.engine.market_state import Quote
from cts_tui.engine.risk import Refusal
from cts_tui.engine.sending import OrderSender
from cts_tui.engine.working import WorkingOrders
from cts_tui.model.limits import RiskLimits
from cts_tui.model.money import ZERO, money_text, notional, settle_currency
from cts_tui.model.records import Order
from cts_tui.model.trading import MarketType, Side

_MINUTE_MS: Final = 60_000
_WHOLE: Final = Decimal(100)
_DIGITS: Final = Context(prec=10)


class EntryLimits:
    """Checks the entries of one connection; what it lets out in one go counts for the next."""

    def __init__(
        self,
        context: EngineContext,
        orders: WorkingOrders,
        sender: OrderSender,
        losses: LossLimits,
    ) -> None:
        self._context = context
        self._orders = orders
        self._sender = sender
        self._losses = losses
        self._exposure: Exposure | None = None
        self._let_out = 0
        self._spent = ZERO

    def begin(self) -> None:
        """Look anew: what was let out before is among the working orders, or was refused."""
        self._exposure = None
        self._let_out = 0
        self._spent = ZERO

    def refusal(self, order: Order, expected: Decimal) -> Refusal | None:
        """Return why an entry may not go out; one that may is counted from now on.

        `expected` is the price it was decided at, or its limit.
        """
        quote = self._context.market.quotes.get(order.symbol)
        limits = self._context.limits
        value = order.cost if order.quantity is None else notional(order.quantity, expected)
        value = value or ZERO
        found = (
            self._losses.refusal(order)
            or check_collar(limits, order.side, expected, quote)
            or self._check_pace(limits)
            or self._check_sizes(limits, order, value)
            or self._check_balance(limits, order, value)
        )
        if found is None:
            self._let_out += 1
            self._spent += value
            if self._exposure is not None:
                self._exposure.add(order, value)
        return found

    def total(self, currency: str, *, is_live: bool) -> Decimal:
        """Return what this connection ties up of a currency."""
        return Exposure(self._context, self._orders, is_live=is_live).total(currency)

    def _check_pace(self, limits: RiskLimits) -> Refusal | None:
        most = limits.max_orders_per_minute
        if most is None:
            return None
        since_ms, sent = self._context.now_ms() - _MINUTE_MS, self._sender.sent_times
        while sent and sent[0] <= since_ms:
            sent.popleft()
        return over("orders within a minute:", len(sent) + self._let_out, 1, most)

    def _check_sizes(self, limits: RiskLimits, order: Order, value: Decimal) -> Refusal | None:
        quote = settle_currency(order.symbol)
        found = over("the notional of the order:", ZERO, value, limits.max_order_notional, quote)
        if found is not None or not _has_size_limits(limits):
            return found
        exposure = self._exposure
        if exposure is None:
            exposure = Exposure(self._context, self._orders, is_live=order.is_live)
            self._exposure = exposure
        more = 0 if exposure.holds(order) else 1
        held = exposure.by_symbol.get(order.symbol, ZERO)
        on_symbol, in_all = limits.max_position_notional, limits.max_total_exposure
        return (
            over("open positions:", exposure.positions, more, limits.max_open_positions)
            or over(f"the position on {order.symbol}:", held, value, on_symbol, quote)
            or over("exposure:", exposure.total(quote), value, limits.max_exposure, quote)
            or self._check_total(exposure, order, value, in_all)
        )

    def _check_total(
        self, exposure: Exposure, order: Order, value: Decimal, most: Decimal | None
    ) -> Refusal | None:
        if most is None:
            return None
        quote = settle_currency(order.symbol)
        held = exposure.total(quote) + self._context.others_exposure(quote, order.is_live)
        return over("exposure of all connections:", held, value, most, quote)

    def _check_balance(self, limits: RiskLimits, order: Order, value: Decimal) -> Refusal | None:
        """Refuse what the account cannot pay; a spot sale is paid in the base currency."""
        context = self._context
        is_spot = context.setup.market is MarketType.SPOT
        if not order.is_live or (is_spot and order.side is Side.SELL):
            return None
        currency = settle_currency(order.symbol)
        free = context.account.free(currency)
        if free is None:
            return None
        needed = self._spent + value
        if not is_spot:
            needed /= limits.leverage or 1
        if needed <= free:
            return None
        return Refusal(
            f"the balance: {figure(needed)} {currency} needed, {figure(free)} {currency} free"
        )


def check_collar(
    limits: RiskLimits, side: Side, expected: Decimal, quote: Quote | None
) -> Refusal | None:
    """Return whether the price moved too far from what an entry was decided at.

    Decided at 100, the last trade at 106 → 6 % off; a collar of 5 % refuses it.
    """
    most = limits.collar_pct
    if most is None or quote is None or expected <= 0:
        return None
    offered = quote.ask if side is Side.BUY else quote.bid
    word = "ask" if side is Side.BUY else "bid"
    for name, price in (("last trade", quote.price), (f"best {word}", offered)):
        if price is None:
            continue
        off_pct = abs(price / expected - 1) * _WHOLE
        if off_pct > most:
            return Refusal(
                f"price collar: the {name} {figure(price)} is {off_pct:.1f} % off the expected "
                f"{figure(expected)}, allowed are {money_text(most)} %"
            )
    return None


def over(
    what: str,
    held: Decimal | int,
    more: Decimal | int,
    most: Decimal | int | None,
    unit: str = "",
) -> Refusal | None:
    """Return that `held + more` is over the limit: `exposure: 1,200 + 300 over the limit 1,400`."""
    if most is None or held + more <= most:
        return None
    summed = f"{figure(held)} + {figure(more)}" if held else figure(more)
    return Refusal(f"{what} {summed} over the limit {figure(most)} {unit}".rstrip())


def figure(amount: Decimal | int) -> str:
    """Return an amount as people read it: `1,234.5`."""
    value = _DIGITS.plus(Decimal(amount))
    return f"{value.normalize(_DIGITS):,f}" if value else "0"


def _has_size_limits(limits: RiskLimits) -> bool:
    return any(
        limit is not None
        for limit in (
            limits.max_open_positions,
            limits.max_position_notional,
            limits.max_exposure,
            limits.max_total_exposure,
        )
    )
