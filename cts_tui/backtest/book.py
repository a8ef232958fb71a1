"""The money of one rule on one symbol: fills entries and exits, prices trades, counts equity.

Shared by the shadow, which walks candle by candle, and the backtest, which jumps over arrays.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from cts_tui.model.money import exact, fee, gross_pnl, slip
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason, OrderType
from cts_tui.rules.protection import Protection, exit_order_type
from cts_tui.rules.sizing import entry_cost, entry_quantity


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position: its entry fill, and the protection that moves with the candles."""

    direction: Direction
    entry_time_ms: int
    entry_price: Decimal
    """The fill, slippage included."""
    quantity: Decimal
    entry_fee: Decimal
    protection: Protection


class Book:
    """Fills for one strategy on one symbol, one position at a time; everything in quote currency.

    `equity` is the starting balance plus the PnL of the closed trades: what an entry is sized by.
    """

    def __init__(
        self, spec: StrategySpec, *, fee_pct: Decimal, slippage_pct: Decimal, balance: Decimal
    ) -> None:
        self._spec = spec
        self._fee_pct = fee_pct
        self._slippage_pct = slippage_pct
        self.equity = balance

    def enter(self, direction: Direction, time_ms: int, price: float) -> Holding | None:
        """Return the position that fills at `price` (before slippage); None if its size is 0."""
        fill = slip(exact(price), self._slippage_pct, is_buy=direction is Direction.LONG)
        cost = entry_cost(self._spec.size, self.equity, self._spec.stop_loss_pct)
        quantity = entry_quantity(cost, fill)
        if not quantity:
            return None
        protection = Protection.at_entry(self._spec, direction, fill)
        entry_fee = fee(quantity * fill, self._fee_pct)
        return Holding(direction, time_ms, fill, quantity, entry_fee, protection)

    def leave(self, holding: Holding, time_ms: int, price: Decimal, reason: ExitReason) -> Trade:
        """Return the trade that closes `holding` at `price` (before slippage); book its PnL.

        Long 2 from 100, target 103, fee 0.1 %: gross 6, fees 0.2 + 0.206, pnl 5.594.
        """
        fill = self._exit_fill(holding.direction, price, reason)
        fees = holding.entry_fee + fee(holding.quantity * fill, self._fee_pct)
        gross = gross_pnl(holding.direction, holding.quantity, holding.entry_price, fill)
        trade = Trade(
            direction=holding.direction,
            entry_time_ms=holding.entry_time_ms,
            entry_price=holding.entry_price,
            exit_time_ms=time_ms,
            exit_price=fill,
            quantity=holding.quantity,
            fees=fees,
            pnl=gross - fees,
            exit_reason=reason,
        )
        self.equity += trade.pnl
        return trade

    def _exit_fill(self, direction: Direction, price: Decimal, reason: ExitReason) -> Decimal:
        """Return the fill: slipped, except a target and the end, where nothing is sent."""
        if reason is ExitReason.END or exit_order_type(reason) is OrderType.TAKE_PROFIT:
            return price
        return slip(price, self._slippage_pct, is_buy=direction is Direction.SHORT)


def ended(trade: Trade, time_ms: int, price: Decimal, fee_pct: Decimal) -> Trade:
    """Return `trade` as if the candles had ended at `time_ms`, with the close `price`, before it.

    What `Book.leave` gives for the reason `end`, from the trade as it went on.
    """
    cost, proceeds = trade.quantity * trade.entry_price, trade.quantity * price
    fees = fee(cost, fee_pct) + fee(proceeds, fee_pct)
    gross = gross_pnl(trade.direction, trade.quantity, trade.entry_price, price)
    return replace(
        trade,
        exit_time_ms=time_ms,
        exit_price=price,
        fees=fees,
        pnl=gross - fees,
        exit_reason=ExitReason.END,
    )
