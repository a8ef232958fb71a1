"""Strategies and their gates as the screens show them: columns, facts, and why one trades."""

from decimal import Decimal

from cts_tui.model.money import money_text
from cts_tui.model.strategy_views import GATE_STATES, GateView, StrategyOverview
from cts_tui.model.views import StrategyView
from cts_tui.tui.cells import Cell, Line, Tone, line
from cts_tui.tui.formats import NONE, count_text, one_line
from cts_tui.tui.widgets.columns import Column
from cts_tui.tui.widgets.detail import Fact

_TONES = {"open": Tone.GOOD, "unproven": Tone.PAPER, "gated": Tone.WARNING}
_SIZES = {
    "quote": "{} of quote currency per entry",
    "equity_pct": "{} % of the equity per entry",
    "risk_pct": "{} % of the equity at risk per entry",
}


def _enabled(view: StrategyView) -> Cell:
    return Cell("yes", Tone.GOOD) if view.enabled else Cell("no", Tone.MUTED)


def _sides(view: StrategyView) -> Cell:
    if view.entry_long and view.entry_short:
        return Cell("both")
    return Cell("long", Tone.LONG) if view.entry_long else Cell("short", Tone.SHORT)


def _origin(view: StrategyView) -> Cell:
    return Cell("built-in", Tone.MUTED) if view.is_builtin else Cell("own")


def _candles(timeframe: str) -> str:
    return "any" if timeframe == "*" else timeframe


def gate_summary(gates: tuple[GateView, ...]) -> Cell:
    """Return how many gates are in each state: `5 open, 1 gated`."""
    states = [gate.state for gate in gates]
    counts = [f"{states.count(state)} {state}" for state in GATE_STATES if state in states]
    tone = next((_TONES[state] for state in GATE_STATES if state in states), Tone.PLAIN)
    return Cell(", ".join(counts), tone) if counts else NONE


def factor_range(gates: tuple[GateView, ...]) -> Cell:
    """Return the worst and the best profit factor of the proven gates: `0.85-1.42`."""
    factors = sorted(_factor(gate) for gate in gates if gate.state != "unproven")
    if not factors:
        return NONE
    ends = dict.fromkeys(_factor_text(factor) for factor in (factors[0], factors[-1]))
    return Cell("-".join(ends))


def _factor(gate: GateView) -> float:
    """Return a profit factor; without losers it is infinite."""
    return float("inf") if gate.profit_factor is None else gate.profit_factor


def _factor_text(factor: float) -> str:
    return "∞" if factor == float("inf") else f"{factor:.2f}"


def _gate_factor(gate: GateView) -> Cell:
    return Cell(_factor_text(_factor(gate))) if gate.trades else NONE


def _count(count: int) -> Cell:
    return Cell(f"{count:,}") if count else Cell("0", Tone.MUTED)


_S = Column[StrategyOverview]
STRATEGIES = (
    _S("name", "Name", lambda s, _: Cell(s.name, Tone.STRONG), 10, 1, 24, order=lambda s: s.name),
    _S("enabled", "Enabled", lambda s, _: _enabled(s.view), 7, 1,
       order=lambda s: not s.view.enabled),
    _S("timeframe", "TF", lambda s, _: Cell(_candles(s.view.timeframe)), 3, 3,
       order=lambda s: s.view.timeframe),
    _S("sides", "Sides", lambda s, _: _sides(s.view), 5, 4, order=lambda s: _sides(s.view).text),
    _S("signals", "Signals", lambda s, _: _count(s.signals_today), 7, 2, is_number=True,
       order=lambda s: s.signals_today),
    _S("held", "Open", lambda s, _: _count(s.open_positions), 4, 5, is_number=True,
       order=lambda s: s.open_positions),
    _S("gates", "Gates", lambda s, _: gate_summary(s.gates), 16, 2, 32),
    _S("factors", "Factors", lambda s, _: factor_range(s.gates), 9, 2),
    _S("origin", "Origin", lambda s, _: _origin(s.view), 8, 7, order=lambda s: s.view.is_builtin),
    _S("description", "What it does", lambda s, _: Cell(one_line(s.view.description), Tone.MUTED),
       14, 8, 36, is_flexible=True),
)  # fmt: skip
"""Strategies: what runs, and where it may trade."""

_G = Column[GateView]
GATES = (
    _G("symbol", "Symbol", lambda g, _: Cell(g.symbol), 8, 1, order=lambda g: g.symbol),
    _G("connection", "Connection", lambda g, _: Cell(g.connection, Tone.MUTED), 8, 4, 20,
       order=lambda g: g.connection),
    _G("timeframe", "TF", lambda g, _: Cell(g.timeframe, Tone.MUTED), 3, 6),
    _G("state", "Gate", lambda g, _: Cell(g.state, _TONES[g.state]), 8, 1,
       order=lambda g: g.state),
    _G("factor", "Factor", lambda g, _: _gate_factor(g), 6, 2, is_number=True, order=_factor),
    _G("trades", "Trades", lambda g, _: _count(g.trades), 6, 5, is_number=True,
       order=lambda g: g.trades),
    _G("held_back", "Held back", lambda g, _: _count(g.held_back), 9, 5, is_number=True,
       order=lambda g: g.held_back),
    _G("why", "Why", lambda g, _: Cell(why_it_trades(g), Tone.MUTED), 20, 3, 40,
       is_flexible=True),
)  # fmt: skip
"""Gates: where a strategy has earned that it trades."""


def why_it_trades(gate: GateView) -> str:
    """Return whether a strategy may enter on a symbol, and the figures that decide it."""
    if gate.state == "open":
        return f"trades: {gate.reason}"
    if gate.state == "gated":
        return f"enters nothing: {gate.reason}"
    does = "enters nothing live" if gate.is_live else "trades on paper"
    return f"{does}: {gate.reason.removeprefix('unproven: ')}"


def state_text(line: StrategyOverview) -> str:
    """Return what a strategy does now, and what to do where it does nothing."""
    if not line.view.enabled:
        return "disabled: it gives no signals; e enables it"
    if not line.gates:
        return "enabled, but no engine has run it yet"
    entering = sum(g.state == "open" or (g.state == "unproven" and not g.is_live)
                   for g in line.gates)  # fmt: skip
    return f"may enter on {entering} of {count_text(len(line.gates), 'symbol')}"


def strategy_facts(line: StrategyOverview) -> list[Fact]:
    """Return what is known of a strategy: its rules, its levels, its state."""
    view = line.view
    rules = (
        ("Enter long", view.entry_long),
        ("Exit long", view.exit_long),
        ("Enter short", view.entry_short),
        ("Exit short", view.exit_short),
    )
    amount = money_text(view.size_amount)
    factor = f"profit factor of at least {view.min_profit_factor:g}"
    symbols = "all symbols" if "*" in view.symbols else ", ".join(view.symbols)
    facts = [
        ("State", Cell(state_text(line), Tone.GOOD if view.enabled else Tone.WARNING)),
        *((name, Cell(rule)) for name, rule in rules if rule),
        ("Levels", Cell(levels_text(view))),
        ("Size", Cell(_SIZES[view.size_kind].format(amount))),
        ("Gate", Cell(f"{factor} over {view.gate_trades} trades, unproven below "
                      f"{view.gate_min_trades}")),
        ("Runs on", Cell(f"{_candles(view.timeframe)} candles, {symbols}")),
        ("Is", Cell(view.description or "-", Tone.MUTED)),
    ]  # fmt: skip
    return [Fact(name, cell, is_long=True) for name, cell in facts]


def levels_text(view: StrategyView) -> str:
    """Return the levels of a strategy: `stop 2 %, target 3 %, no trailing stop`."""
    levels = (
        ("stop", view.stop_loss_pct),
        ("target", view.take_profit_pct),
        ("trailing stop", view.trailing_stop_pct),
    )
    return ", ".join(_level(name, pct) for name, pct in levels)


def _level(name: str, pct: Decimal) -> str:
    return f"{name} {money_text(pct)} %" if pct else f"no {name}"


def gate_facts(gate: GateView) -> list[Fact]:
    """Return what is known of a gate."""
    return [
        Fact("Connection", Cell(gate.connection)),
        Fact("Symbol", Cell(gate.symbol, Tone.STRONG)),
        Fact("Candles", Cell(gate.timeframe)),
        Fact("Gate", Cell(gate.state, _TONES[gate.state])),
        Fact("Profit factor", _gate_factor(gate)),
        Fact("Trades", Cell(f"{gate.trades:,}")),
        Fact("Held back", Cell(f"{gate.held_back:,}")),
        Fact("Why", Cell(why_it_trades(gate)), is_long=True),
    ]


def removal_lines(selected: StrategyOverview) -> list[Line]:
    """Return what removing a strategy does, to its positions above all."""
    lines = [
        line("Strategy    ", Cell(selected.name, Tone.STRONG)),
        line("Its rules are deleted; what it has traded stays recorded."),
    ]
    if selected.open_positions:
        held = count_text(selected.open_positions, "open position")
        lines += [
            (),
            line(Cell(f"{held}: stops and targets stay, exit rules end.", Tone.WARNING)),
            line("Close them on the positions screen (3, then c)."),
        ]
    return lines
