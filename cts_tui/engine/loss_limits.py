"""Loss limits: equity with open PnL against the day's and the highest; halts survive (S11).

They stop entries, never exits. A daily halt ends with the day (UTC), one by drawdown by a reset.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from cts_tui.clock import utc_from_ms
from cts_tui.engine.book import Holder
from cts_tui.engine.context import EngineContext
from cts_tui.engine.exposure import open_pnl, open_value
from cts_tui.engine.loss_figures import (
    daily_reason,
    drawdown_reason,
    is_news,
    measured,
    used_limits,
)
from cts_tui.engine.processor import NOTHING, CycleReport, Processor
from cts_tui.engine.risk import Refusal
from cts_tui.engine.trading_day import TradingDay
from cts_tui.model.limits import RiskState
from cts_tui.model.money import settle_currency
from cts_tui.model.records import Order
from cts_tui.model.trade import Trade
from cts_tui.model.trading import Actor, EventKind, ExitReason, MarketType

_STOPS: Final = (ExitReason.STOP_LOSS, ExitReason.TRAILING_STOP)
_DAY_MS: Final = 86_400_000


class LossLimits(Processor):
    """One per engine: watches the paper or the real money, whichever its entries are made of."""

    name = "losses"
    interval_s = 1.0
    patience_s = 30.0

    def __init__(self, context: EngineContext) -> None:
        super().__init__()
        self._context = context
        self._states = {is_live: RiskState(is_live) for is_live in (False, True)}
        self._stored: dict[bool, RiskState] = {}
        self._answered_ms = 0
        self._day = TradingDay(context.clock)
        self._hears_trades()

    def _hears_trades(self) -> None:
        """Listen to closed trades beside whoever does already."""
        hear = self._context.on_trade

        def heard(holder: Holder, trade: Trade) -> None:
            hear(holder, trade)
            self._traded(holder, trade)

        self._context.on_trade = heard

    @property
    def state(self) -> RiskState:
        """Where the money of new entries stands."""
        return self._states[self._context.setup.live]

    def restore(self, states: Sequence[RiskState]) -> None:
        """Take up what an earlier engine has stored, unless a reset was asked for since."""
        for state in states:
            kept = RiskState(state.is_live) if state.is_reset_asked else state
            self._states[state.is_live] = kept
            self._stored[state.is_live] = self._states[state.is_live]

    async def cycle(self) -> CycleReport:
        """Begin a new day where one has begun, and see whether a limit is reached."""
        is_new_day = self._is_over(self.state.day)
        if not is_new_day and not self._context.limits.has_loss_limits:
            return NOTHING
        self.look()
        self._context.recorder.flush_when_full()
        return CycleReport(1)

    def look(self) -> None:
        """Value the money now, and hold the limits against it."""
        state, today, equity = self.state, self._today(), self._equity()
        if self._is_over(state.day):
            state = self._new_day(state, today, equity)
        elif state.capital is None:
            state = replace(state, capital=self._capital())
        if equity is not None:
            state = self._judged(measured(state, equity), equity)
        self._keep(state)

    def figures_row(self) -> dict[str, Any] | None:
        """Return how much of the loss limit that is nearest is used, None where there is none."""
        equity = self._equity() if self._context.limits.has_loss_limits else None
        if equity is None:
            return None
        used = used_limits(self._context.limits, self.state, equity)
        said = max(used, key=lambda words: used[words], default="")
        return {"used_pct": round(used.get(said, 0.0), 1), "said": said}

    def refusal(self, order: Order) -> Refusal | None:
        """Return why loss limits let no entry out on the symbol of an order."""
        limits, now_ms = self._context.limits, self._context.now_ms()
        if limits.has_loss_limits or self.state.halted_ms is not None:
            self.look()
        if self.state.halted_ms is not None:
            return Refusal(self.state.halt_reason)
        if limits.has_loss_limits and self._equity() is None:
            return Refusal("the account's balance is not known yet: loss limits rest on it")
        paid_in, counted_in = settle_currency(order.symbol), self._currency()
        if limits.has_loss_limits and paid_in != counted_in:
            return Refusal(
                f"loss limits count in {counted_in} here, {order.symbol} is paid in {paid_in}: "
                "trade it on a connection of its own"
            )
        until_ms = max(state.cool_downs.get(order.symbol, 0) for state in self._states.values())
        if now_ms < until_ms:
            left_s = (until_ms - now_ms + 999) // 1000
            return Refusal(f"{order.symbol} cools down after a stop: {left_s} s left")
        return None

    def reset(self, requested_ms: int) -> None:
        """Begin anew because the trader asked for it: no halt, no cool-downs, no losses yet."""
        if requested_ms == self._answered_ms:
            return
        self._answered_ms = requested_ms
        context, equity = self._context, self._equity()
        was = self.state.halt_reason
        self._keep(RiskState(not self.state.is_live))
        self._keep(
            RiskState(
                self.state.is_live,
                day=self._today(),
                capital=self._capital(),
                day_equity=equity,
                peak_equity=equity,
            )
        )
        context.recorder.batch.reset_answered(context.setup.id, requested_ms)
        self._tell("loss limits begin anew", before=was or "watching", after="watching")
        context.recorder.flush_when_full()

    def _new_day(self, state: RiskState, today: str, equity: Decimal | None) -> RiskState:
        """Begin a day: money that was paid in or out in the meantime is no profit and no loss."""
        capital, peak = self._capital(), state.peak_equity
        if peak is not None and capital is not None and state.capital is not None:
            peak += capital - state.capital
        if state.halted_ms is not None and state.is_halt_daily:
            self._tell("entries go on: a new day has begun", before=state.halt_reason, after="-")
            state = replace(state, halted_ms=None, halt_reason="", is_halt_daily=False)
        if self._context.setup.live:
            equity = None if capital is None else capital + self._pnl()
        return replace(state, day=today, day_equity=equity, peak_equity=peak, capital=capital)

    def _judged(self, state: RiskState, equity: Decimal) -> RiskState:
        """Halt entries where a limit is reached."""
        if state.halted_ms is not None:
            return state
        limits = self._context.limits
        daily = daily_reason(limits, state, equity)
        reason = daily or drawdown_reason(limits, state, equity)
        if reason is None:
            return state
        self._tell(reason, before="watching", after="halted")
        return replace(
            state,
            halted_ms=self._context.now_ms(),
            halt_reason=reason,
            is_halt_daily=daily is not None,
        )

    def _equity(self) -> Decimal | None:
        """Return the money of new entries with all PnL, None before it is known."""
        state = self.state
        capital = state.capital if self._context.setup.live else self._capital()
        capital = self._capital() if capital is None else capital
        return None if capital is None else capital + self._pnl()

    def _pnl(self) -> Decimal:
        is_live = self._context.setup.live
        return self._context.account.realized(is_live=is_live) + open_pnl(
            self._context, is_live=is_live
        )

    def _currency(self) -> str | None:
        """Return what losses are counted in: what the first symbol is paid in; None without one."""
        symbols = self._context.symbols or self._context.setup.symbols
        return settle_currency(symbols[0]) if symbols else None

    def _capital(self) -> Decimal | None:
        """Return what the money would be without the desk's trades, None before it is known."""
        context, currency = self._context, self._currency()
        if not context.setup.live:
            return context.account.balance
        total = context.account.total(currency) if currency else None
        if total is None:
            return None
        if context.setup.market is MarketType.SPOT:
            return total + open_value(context) - self._pnl()
        return total - context.account.realized(is_live=True)

    def _is_over(self, day: str) -> bool:
        """Return whether another day has begun; not where the clock was set back into the last."""
        tomorrow = utc_from_ms(self._context.now_ms() + _DAY_MS).date().isoformat()
        return day not in (self._today(), tomorrow)

    def _today(self) -> str:
        return self._day.today(self.state.day)

    def _traded(self, holder: Holder, trade: Trade) -> None:
        """Let a symbol cool down after a stop on it."""
        seconds, now_ms = self._context.limits.cool_down_s, self._context.now_ms()
        if seconds is None or trade.exit_reason not in _STOPS:
            return
        running = {symbol: ms for symbol, ms in self.state.cool_downs.items() if ms > now_ms}
        until_ms = now_ms + seconds * 1000
        self._keep(replace(self.state, cool_downs=running | {holder[1]: until_ms}))

    def _keep(self, state: RiskState) -> None:
        """Take over a state, and store it where it is another one; a peak not at every step."""
        self._states[state.is_live] = state
        stored = self._stored.get(state.is_live)
        if stored is not None and not is_news(stored, state):
            return
        self._stored[state.is_live] = state
        self._context.recorder.batch.risk_state(self._context.setup.id, state)

    def _tell(self, message: str, *, before: str, after: str) -> None:
        context = self._context
        context.recorder.batch.event(
            time_ms=context.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.RISK,
            subject=context.setup.name,
            message=message,
            before=before,
            after=after,
        )
