"""What the trader may change of an engine while it runs: no order in its memory is lost by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cts_tui.engine.context import EngineContext
from cts_tui.engine.pipeline import Pipeline
from cts_tui.model.external import ExternalKey, ExternalWish
from cts_tui.model.limits import RiskLimits


@dataclass(frozen=True, slots=True)
class Wishes:
    """Desired state of one connection, as far as it needs no other engine."""

    is_killed: bool = False
    is_live: bool = False
    limits: RiskLimits = field(default_factory=RiskLimits)
    flatten_ms: int | None = None
    """Since when everything is to be closed."""
    reset_ms: int | None = None
    """When the trader asked to begin anew against the loss limits."""
    externals: Mapping[ExternalKey, ExternalWish] = field(default_factory=dict)
    """What is to be adopted or ignored."""


class Steering:
    """Passes wishes on to the parts of one engine."""

    def __init__(self, context: EngineContext, pipeline: Pipeline) -> None:
        self._context = context
        self._pipeline = pipeline
        self._wishes = Wishes(is_live=context.setup.live)

    def apply(self, wishes: Wishes) -> None:
        """Go by these wishes from now on; entries that must not rest any more are cancelled."""
        before, self._wishes = self._wishes, wishes
        context, pipeline = self._context, self._pipeline
        context.is_killed, context.limits = wishes.is_killed, wishes.limits
        if wishes.is_live is not before.is_live:  # the engine itself may have turned it off
            self.set_live(is_live=wishes.is_live)
        if pipeline.flattener is not None:
            pipeline.flattener.begin(wishes.flatten_ms)
        if pipeline.reconciler is not None:
            pipeline.reconciler.decide(wishes.externals)
        if pipeline.entries is None:
            return
        if wishes.reset_ms is not None:
            pipeline.entries.losses.reset(wishes.reset_ms)
        if wishes != before:
            pipeline.entries.resting.wake()

    def set_live(self, *, is_live: bool) -> None:
        """Have new entries move real money, or none; what is open keeps what it is."""
        context = self._context
        context.setup = replace(context.setup, live=is_live)
        if self._pipeline.entries is not None:
            self._pipeline.entries.resting.wake()
