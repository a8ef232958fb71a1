"""A rule's own record on one symbol, candle by candle: the backtest as it happens.

The profit-factor gate rests on it: the shadow trades whether or not the desk does.
"""

from collections import deque
from decimal import Decimal

from cts_tui.backtest.book import Book, Holding
from cts_tui.backtest.gate import Gate, judge
from cts_tui.model.market import Candle
from cts_tui.model.money import exact
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Direction, ExitReason
from cts_tui.rules.decision import STAY, Decision, decide

Trades = tuple[Trade, ...]


class Shadow:
    """One strategy on one symbol by the backtest's semantics, in constant time per candle."""

    def __init__(
        self, spec: StrategySpec, *, fee_pct: Decimal, slippage_pct: Decimal, balance: Decimal
    ) -> None:
        self._spec = spec
        self._book = Book(spec, fee_pct=fee_pct, slippage_pct=slippage_pct, balance=balance)
        self._pnls: deque[Decimal] = deque(maxlen=spec.gate_trades)
        self._trades = 0
        self._gate: Gate | None = None
        self._holding: Holding | None = None
        self._pending: Decision = STAY
        self._last: Candle | None = None

    @property
    def held(self) -> Direction | None:
        """The direction of the position it holds."""
        holding = self._holding
        return None if holding is None else holding.direction

    @property
    def equity(self) -> Decimal:
        """The balance it began with and the PnL of its closed trades, in quote currency."""
        return self._book.equity

    def step(
        self,
        candle: Candle,
        *,
        entry_long: bool,
        exit_long: bool,
        entry_short: bool,
        exit_short: bool,
    ) -> Trades:
        """Take the next closed candle and the rules at its close; return the trades it closed.

        In this order: what the last close decided fills at the open, the levels are tested, the
        stop trails behind the close, the rules decide what fills at the next open. At most two
        trades close in one candle: a reversal, and the stop of what it opened.
        """
        closed: Trades = ()
        if self._pending is not STAY:
            closed = self._fill_pending(candle)
        if self._holding is not None:
            closed += self._protect(self._holding, candle)
        if entry_long or exit_long or entry_short or exit_short:
            self._pending = decide(
                self.held,
                entry_long=entry_long,
                exit_long=exit_long,
                entry_short=entry_short,
                exit_short=exit_short,
            )
        self._last = candle
        return closed

    def finish(self) -> Trades:
        """Close what is still open at the last close, reason `end`, and drop what is pending."""
        self._pending = STAY
        if self._holding is None or self._last is None:
            return ()
        price = exact(self._last.close)
        return self._leave(self._holding, self._last.time_ms, price, ExitReason.END)

    def verdict(self) -> Gate:
        """Return whether the record so far entitles the rule to trade."""
        if self._gate is None:
            self._gate = judge(self._spec, self._trades, self._pnls)
        return self._gate

    def _fill_pending(self, candle: Candle) -> Trades:
        decision, self._pending = self._pending, STAY
        closed: Trades = ()
        if decision.exit and self._holding is not None:
            price = exact(candle.open)
            closed = self._leave(self._holding, candle.time_ms, price, ExitReason.RULE)
        if decision.enter is not None:
            self._holding = self._book.enter(decision.enter, candle.time_ms, candle.open)
        return closed

    def _protect(self, holding: Holding, candle: Candle) -> Trades:
        touch = holding.protection.touched(candle.open, candle.high, candle.low)
        if touch is None:
            holding.protection.closed(candle.close)
            return ()
        return self._leave(holding, candle.time_ms, touch.price, touch.reason)

    def _leave(self, holding: Holding, time_ms: int, price: Decimal, reason: ExitReason) -> Trades:
        trade = self._book.leave(holding, time_ms, price, reason)
        self._holding = None
        self._pnls.append(trade.pnl)
        self._trades += 1
        self._gate = None
        return (trade,)
