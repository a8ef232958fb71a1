"""The processors of one engine, assembled: market → indication → strategy → execution, realtime."""

from collections.abc import Sequence
from typing import Any

from cts_tui.engine.context import EngineContext
from cts_tui.engine.entries import Entries
from cts_tui.engine.execution import Execution
from cts_tui.engine.flatten import Flattener
from cts_tui.engine.guard import Guard
from cts_tui.engine.indication import IndicationProcessor
from cts_tui.engine.market_state import Series
from cts_tui.engine.processor import Processor
from cts_tui.engine.realtime import RealtimeProcessor
from cts_tui.engine.reconcile import Reconciler
from cts_tui.engine.resolution import Resolver
from cts_tui.engine.strategy import StrategyProcessor, StrategyRules
from cts_tui.errors import RuleError
from cts_tui.model.market import MarketEvent, timeframe_ms
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Mode
from cts_tui.rules.warmup import timeframe_faults


class Pipeline:
    """The same four processors whether they run on a timer (live) or in step (replay)."""

    def __init__(self, context: EngineContext) -> None:
        self.context = context
        self.execution = Execution(context)
        self.realtime = RealtimeProcessor(context, self.execution)
        self.indication = IndicationProcessor(context, self._indications_ready)
        self.strategy = StrategyProcessor(context, self.indication, self.execution)
        self.resolver: Resolver | None = None
        self.guard: Guard | None = None
        self.reconciler: Reconciler | None = None
        self.entries: Entries | None = None
        self.flattener: Flattener | None = None
        if not context.is_recorded:
            self._limit_entries()
        if context.setup.mode is not Mode.PAPER:
            self._watch_orders()
        self.faults: list[str] = []
        """Strategies that cannot run on this connection, each with the reason."""

    def _limit_entries(self) -> None:
        """Add what a replay has not: the trader's limits, resting entries, closing everything."""
        execution = self.execution
        self.entries = execution.last_moment.entries = Entries(
            self.context, execution.working, execution.sender, execution.entering
        )
        self.flattener = Flattener(self.context, execution)

    def _watch_orders(self) -> None:
        """Add what looks after orders and positions at an exchange."""
        execution = self.execution
        parts = (self.context, execution.working, execution.sender)
        self.resolver = Resolver(*parts, execution.ledger)
        self.guard = Guard(*parts, execution.request, self.resolver.look)
        last_moment = execution.last_moment
        clearance = self.guard.clearance
        last_moment.release, last_moment.clear = clearance.release, clearance.clear
        self.reconciler = Reconciler(
            *parts, execution.ledger, self.resolver, on_adopted=self.guard.wake
        )

    @property
    def processors(self) -> tuple[Processor, ...]:
        """In the order in which one candle passes through them."""
        common = (self.realtime, self.indication, self.strategy, self.execution)
        return (*common, *self._limiting, *self.watching)

    @property
    def _limiting(self) -> tuple[Processor, ...]:
        """Those that look after entries; none in a replay."""
        if self.entries is None or self.flattener is None:
            return ()
        return self.entries.losses, self.entries.resting, self.flattener

    @property
    def watching(self) -> tuple[Processor, ...]:
        """Those that look after orders and positions at an exchange; none on paper."""
        watching = (self.reconciler, self.resolver, self.guard)
        return tuple(one for one in watching if one is not None)

    def _indications_ready(self) -> None:
        self.strategy.wake()

    def configure(self, specs: Sequence[StrategySpec], symbols: Sequence[str]) -> None:
        """Set up panels and strategies for `symbols`, warm from the candles in memory."""
        self.faults = []
        runnable = [rules for spec in specs if (rules := self._parsed(spec)) is not None]
        base = self.context.setup.timeframe
        strategies: dict[Series, list[StrategyRules]] = {(symbol, base): [] for symbol in symbols}
        for rules in runnable:
            timeframe = rules.timeframe_on(base)
            for symbol in filter(rules.spec.trades_symbol, symbols):
                strategies.setdefault((symbol, timeframe), []).append(rules)
        self.context.market.aggregate_to(base, {timeframe for _, timeframe in strategies} - {base})
        self.indication.configure(
            {
                series: [rule for rules in wanted for rule in rules.written]
                for series, wanted in strategies.items()
            }
        )
        self.strategy.configure(dict(strategies))

    def _parsed(self, spec: StrategySpec) -> StrategyRules | None:
        """Return the strategy ready to run; None, with a fault, where it cannot run here."""
        try:
            rules = StrategyRules.parsed(spec)
        except RuleError as error:
            self.faults.append(f"{spec.name}: {error}")
            return None
        base_ms = timeframe_ms(self.context.setup.timeframe)
        wanted = rules.timeframe_on(self.context.setup.timeframe)
        faults = [fault for rule in rules.written for fault in timeframe_faults(rule, wanted)]
        if faults:
            self.faults += [f"{spec.name}: {fault}" for fault in faults]
            return None
        if timeframe_ms(wanted) % base_ms:
            self.faults.append(
                f"{spec.name} runs on {spec.timeframe} candles, which cannot be made from the "
                f"{self.context.setup.timeframe} candles of {self.context.setup.name}"
            )
            return None
        return rules

    def receive(self, events: Sequence[MarketEvent]) -> None:
        """Take market events and wake who waits for them."""
        self.context.market.apply(events, self.context.now_ms())
        self.realtime.wake()
        if self.context.market.closed:
            self.indication.wake()

    async def step(self, events: Sequence[MarketEvent]) -> None:
        """Take market events and run every processor once, in order."""
        self.context.market.apply(events, self.context.now_ms())
        for processor in self.processors:
            await processor.run_cycle()
        while self.context.market.closed:  # more candles of one series in one batch
            for processor in (self.indication, self.strategy, self.execution):
                await processor.run_cycle()

    def forget_waiting(self) -> None:
        """Drop the candles that nobody has looked at yet: they were replaced by others."""
        self.context.market.closed.clear()
        self.indication.ready.clear()

    def reconcile_figures(self) -> dict[str, Any] | None:
        """Return how the last comparison with the account went, None where there is none."""
        return None if self.reconciler is None else self.reconciler.summary()

    def figures(self) -> list[dict[str, Any]]:
        """Return the cycle figures of every processor."""
        return [processor.figures.as_row(processor.name) for processor in self.processors]
