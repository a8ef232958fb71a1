"""The shadow as the live engine sees it, and the gate that rests on it."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from cts_tui.backtest.gate import GateState, judge
from cts_tui.backtest.shadow import Shadow
from cts_tui.model.market import Candle
from cts_tui.model.strategy import StrategySpec
from cts_tui.model.trading import Direction

MakeSpec = Callable[..., StrategySpec]
NOTHING = {"entry_long": False, "exit_long": False, "entry_short": False, "exit_short": False}


def make_shadow(spec: StrategySpec) -> Shadow:
    return Shadow(spec, fee_pct=Decimal(0), slippage_pct=Decimal(0), balance=Decimal(1000))


def candle(minute: int, open_: float, close: float) -> Candle:
    return Candle(minute * 60_000, open_, max(open_, close), min(open_, close), close, 1.0)


class Driver:
    """Feeds a shadow round trips of a chosen outcome, three candles each."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow, self.minute = shadow, 0

    def step(self, open_: float, close: float, *holds: str) -> int:
        self.minute += 1
        rules = NOTHING | dict.fromkeys(holds, True)
        return len(self.shadow.step(candle(self.minute, open_, close), **rules))

    def round_trip(self, exit_price: float) -> None:
        self.step(100, 100, "entry_long")
        self.step(100, 100, "exit_long")
        assert self.step(exit_price, exit_price) == 1


def driver(make_spec: MakeSpec, **gate: float) -> Driver:
    return Driver(make_shadow(make_spec(stop="0", target="0", **gate)))


def test_a_shadow_tells_what_it_holds_and_what_it_has_earned(make_spec: MakeSpec) -> None:
    trader = driver(make_spec)
    assert trader.shadow.held is None
    trader.step(100, 100, "entry_long")
    assert trader.shadow.held is None
    trader.step(100, 100, "exit_long")
    assert trader.shadow.held is Direction.LONG
    trader.step(110, 110)
    assert trader.shadow.held is None
    assert trader.shadow.equity == 1010


def test_finishing_closes_what_is_open_once_and_forgets_what_is_pending(
    make_spec: MakeSpec,
) -> None:
    trader = driver(make_spec)
    trader.step(100, 100, "entry_long")
    trader.step(100, 105, "exit_long", "entry_short")
    (trade,) = trader.shadow.finish()
    assert (trade.exit_reason, trade.exit_price, trade.pnl) == ("end", 105, 5)
    assert trader.shadow.finish() == ()
    assert trader.step(100, 100) == 0
    assert trader.shadow.held is None


def test_a_shadow_without_candles_has_nothing_to_finish(make_spec: MakeSpec) -> None:
    assert make_shadow(make_spec()).finish() == ()


def test_a_rule_with_too_few_trades_is_unproven(make_spec: MakeSpec) -> None:
    trader = driver(make_spec, gate_min_trades=2)
    assert trader.shadow.verdict().state is GateState.UNPROVEN
    trader.round_trip(110)
    gate = trader.shadow.verdict()
    assert (gate.state, gate.trades) == (GateState.UNPROVEN, 1)
    assert gate.reason == "unproven: 1 of 2 closed trades"


def test_a_rule_without_a_loser_may_trade(make_spec: MakeSpec) -> None:
    trader = driver(make_spec, gate_min_trades=1, min_profit_factor=99.0)
    trader.round_trip(110)
    gate = trader.shadow.verdict()
    assert (gate.state, gate.profit_factor) == (GateState.OPEN, None)


def test_a_rule_below_its_profit_factor_is_gated_with_the_figure(make_spec: MakeSpec) -> None:
    trader = driver(make_spec, gate_min_trades=2, min_profit_factor=0.6)
    trader.round_trip(110)
    trader.round_trip(80)
    gate = trader.shadow.verdict()
    assert (gate.state, gate.profit_factor) == (GateState.GATED, 0.5)
    assert gate.reason == "profit factor 0.50 over 2 trades, minimum 0.6"


def test_a_rule_at_its_profit_factor_may_trade(make_spec: MakeSpec) -> None:
    trader = driver(make_spec, gate_min_trades=2, min_profit_factor=0.5)
    trader.round_trip(110)
    trader.round_trip(80)
    assert trader.shadow.verdict().state is GateState.OPEN


def test_old_trades_leave_the_profit_factor_but_still_prove_the_rule(make_spec: MakeSpec) -> None:
    trader = driver(make_spec, gate_trades=2, gate_min_trades=3)
    for price in (50, 110, 90, 120):
        trader.round_trip(price)
    gate = trader.shadow.verdict()
    assert (gate.state, gate.trades, gate.profit_factor) == (GateState.OPEN, 4, 2.0)


def test_the_verdict_changes_only_with_a_closed_trade(make_spec: MakeSpec) -> None:
    trader = driver(make_spec, gate_min_trades=1)
    trader.round_trip(110)
    before = trader.shadow.verdict()
    trader.step(100, 100, "entry_long")
    assert trader.shadow.verdict() is before
    trader.round_trip(50)
    assert trader.shadow.verdict() is not before


@pytest.mark.parametrize("pnls", [[], [Decimal(0)]])
def test_a_record_without_winners_and_losers_counts_as_infinite(
    make_spec: MakeSpec, pnls: list[Decimal]
) -> None:
    assert judge(make_spec(gate_min_trades=0), len(pnls), pnls).state is GateState.OPEN
