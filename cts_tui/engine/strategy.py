"""StrategyProcessor: active strategies on new indications → signals, gated by profit factor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cts_tui.backtest.gate import GateState
from cts_tui.backtest.shadow import Shadow
from cts_tui.engine.book import Holder
from cts_tui.engine.context import EngineContext
from cts_tui.engine.execution import Execution
from cts_tui.engine.indication import IndicationProcessor
from cts_tui.engine.market_state import Series
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.requests import EntryRequest, ExitRequest
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import Candle, CandleClosed
from cts_tui.model.money import exact
from cts_tui.model.records import Signal
from cts_tui.model.strategy import ANY_TIMEFRAME, StrategySpec
from cts_tui.model.trading import Direction, ExitReason, PositionStatus, SignalKind, SignalStatus
from cts_tui.rules.decision import Decision, decide
from cts_tui.rules.evaluate import History
from cts_tui.rules.panel import Panel
from cts_tui.rules.parser import parse_rule
from cts_tui.rules.syntax import Rule

Truths = tuple[bool, bool, bool, bool]
RULES = ("entry_long", "exit_long", "entry_short", "exit_short")


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class StrategyRules:
    """A strategy with its four rules parsed; a rule that is not written is None."""

    spec: StrategySpec
    rules: tuple[Rule | None, Rule | None, Rule | None, Rule | None]

    @classmethod
    def parsed(cls, spec: StrategySpec) -> "StrategyRules":
        """Parse the rules of `spec`. Raises RuleError."""
        entry_long, exit_long, entry_short, exit_short = (
            parse_rule(text) if (text := getattr(spec, field)) else None for field in RULES
        )
        return cls(spec, (entry_long, exit_long, entry_short, exit_short))

    @property
    def written(self) -> list[Rule]:
        """The rules there are."""
        return [rule for rule in self.rules if rule is not None]

    def timeframe_on(self, timeframe: str) -> str:
        """Return the timeframe it runs on where candles of `timeframe` come in."""
        return timeframe if self.spec.timeframe == ANY_TIMEFRAME else self.spec.timeframe


class StrategyRunner:
    """One strategy on one series: its rules at the last candle, and its own record."""

    def __init__(
        self, strategy: StrategyRules, series: Series, panel: Panel, shadow: Shadow
    ) -> None:
        symbol, timeframe = series
        self.spec = strategy.spec
        self.holder: Holder = (strategy.spec.name, symbol, timeframe)
        self.shadow = shadow
        self.held_back = 0
        """Entries that the gate did not let through."""
        self._strategy = strategy
        self._rules: tuple[Callable[[], bool], ...] = tuple(
            _never if rule is None else panel.compile(rule) for rule in strategy.rules
        )

    def warm(self, columns: CandleColumns) -> None:
        """Build the record of the rule over the candles in memory."""
        history = History(columns, self.holder[2])
        written = self._strategy.rules
        truths = [
            [False] * len(columns) if rule is None else history.holds(rule).tolist()
            for rule in written
        ]
        for candle, at_close in zip(columns, zip(*truths, strict=True), strict=True):
            self.record(candle, at_close)

    def evaluate(self) -> Truths:
        """Return what the four rules say at the last closed candle, in the order of RULES."""
        entry_long, exit_long, entry_short, exit_short = self._rules
        return entry_long(), exit_long(), entry_short(), exit_short()

    def record(self, candle: Candle, truths: Truths) -> None:
        """Add a candle, and what the rules said at its close, to the rule's own record."""
        entry_long, exit_long, entry_short, exit_short = truths
        self.shadow.step(
            candle,
            entry_long=entry_long,
            exit_long=exit_long,
            entry_short=entry_short,
            exit_short=exit_short,
        )

    def reason(self, kind: SignalKind, side: Direction) -> str:
        """Return the text of the rule that asks for `kind` on `side`."""
        text: str = getattr(self.spec, f"{kind}_{side}")
        return text

    def gate_row(self) -> dict[str, Any]:
        """Return the gate's figures as they are stored."""
        gate = self.shadow.verdict()
        strategy, symbol, timeframe = self.holder
        return {
            "strategy": strategy,
            "symbol": symbol,
            "timeframe": timeframe,
            "state": gate.state,
            "trades": gate.trades,
            "profit_factor": gate.profit_factor,
            "reason": gate.reason,
            "held_back": self.held_back,
        }


class StrategyProcessor(Processor):
    """Runs every strategy on every series whose indications have moved on."""

    name = "strategy"
    interval_s = 5.0
    patience_s = 30.0

    def __init__(
        self, context: EngineContext, indication: IndicationProcessor, execution: Execution
    ) -> None:
        super().__init__()
        self._context = context
        self._indication = indication
        self._execution = execution
        self.runners: dict[Series, list[StrategyRunner]] = {}
        self.signals = 0

    def configure(self, strategies: dict[Series, Sequence[StrategyRules]]) -> None:
        """Set up the runners on the panels, each with a record over the candles in memory."""
        self.runners = {
            series: [self._runner(strategy, series) for strategy in wanted]
            for series, wanted in strategies.items()
        }

    def _runner(self, strategy: StrategyRules, series: Series) -> StrategyRunner:
        context = self._context
        shadow = Shadow(
            strategy.spec,
            fee_pct=context.settings.paper_fee_pct,
            slippage_pct=context.settings.paper_slippage_pct,
            balance=context.settings.paper_balance,
        )
        panel = self._indication.panels[series]
        runner = StrategyRunner(strategy, series, panel, shadow)
        if context.is_gated:
            runner.warm(self._past(series))
        return runner

    def _past(self, series: Series) -> CandleColumns:
        """Return the candles a rule's record is built from: the stored ones, then those at hand."""
        at_hand = self._context.market.settled(series, self._indication.ready)
        if not len(at_hand):
            return at_hand
        return at_hand.after(self._context.older_candles(series, int(at_hand.time_ms[0])))

    async def cycle(self) -> CycleReport:
        """Evaluate every candle that waits; a strategy that fails does not keep up the others."""
        ready = self._indication.ready
        handled = 0
        while ready:
            event = ready.popleft()
            handled += 1
            for runner in self.runners.get((event.symbol, event.timeframe), ()):
                try:
                    self._run(runner, event)
                except (ValueError, ArithmeticError) as error:
                    self.figures.record_error(
                        f"{'/'.join(runner.holder)}: {error}", self._context.now_ms()
                    )
        if self._context.market.closed:
            self._indication.wake()
        self._context.recorder.flush_when_full()
        return CycleReport(handled)

    def _run(self, runner: StrategyRunner, event: CandleClosed) -> None:
        """Let one strategy look at one closed candle."""
        truths = runner.evaluate()
        if self._context.is_gated:
            runner.record(event.candle, truths)
        if not any(truths) or self._execution.is_entering(runner.holder):
            return
        position = self._context.book.held(runner.holder)
        if position is not None and position.status is PositionStatus.CLOSING:
            return
        held = None if position is None else position.side
        decision = decide(held, **dict(zip(RULES, truths, strict=True)))
        if decision:
            self._act(runner, event, decision)

    def _act(self, runner: StrategyRunner, event: CandleClosed, decision: Decision) -> None:
        """Give the signals of a decision: first out, then in."""
        position = self._context.book.held(runner.holder)
        if decision.exit and position is not None:
            signal = self._signal(runner, event, SignalKind.EXIT, position.side)
            self._execution.request(ExitRequest(position, ExitReason.RULE, signal=signal))
        if decision.enter is not None and self._may_enter(runner):
            signal = self._signal(runner, event, SignalKind.ENTRY, decision.enter)
            self._execution.request(EntryRequest(signal, runner.spec))

    def _may_enter(self, runner: StrategyRunner) -> bool:
        """Return whether the rule's own record lets it trade here; unproven rules only on paper."""
        if not self._context.is_gated:
            return True
        state = runner.shadow.verdict().state
        is_open = state is GateState.OPEN or (
            state is GateState.UNPROVEN and not self._context.setup.live
        )
        runner.held_back += not is_open
        return is_open

    def _signal(
        self, runner: StrategyRunner, event: CandleClosed, kind: SignalKind, side: Direction
    ) -> Signal:
        strategy, symbol, timeframe = runner.holder
        signal = Signal(
            strategy=strategy,
            symbol=symbol,
            timeframe=timeframe,
            time_ms=event.candle.time_ms,
            side=side,
            kind=kind,
            price=exact(event.candle.close),
            reason=runner.reason(kind, side),
            source=event.source,
        )
        self.signals += 1
        context = self._context
        context.recorder.batch.signal(context.setup.id, signal, SignalStatus.NEW, context.now_ms())
        return signal

    def gate_rows(self) -> list[dict[str, Any]]:
        """Return the gate's figures of every strategy on every series."""
        return [runner.gate_row() for runners in self.runners.values() for runner in runners]
