import math
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from cts_tui.errors import ConfigError
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.rules import builtin
from cts_tui.rules.builtin import builtin_strategies
from cts_tui.rules.parser import parse_rule
from cts_tui.rules.spec import (
    load_strategy_file,
    strategy_faults,
    strategy_file_faults,
    strategy_from_mapping,
    strategy_to_toml,
)
from cts_tui.rules.warmup import warmup

GOOD = {"name": "good", "entry_long": "close > open"}
FULL = StrategySpec(
    name="full-1",
    entry_long="crosses_above(close,\n  sma(20))",
    exit_long="close < open",
    entry_short='at("1h", close < open)',
    exit_short="close > open",
    timeframe="5m",
    stop_loss_pct=Decimal("1.25"),
    take_profit_pct=Decimal(0),
    trailing_stop_pct=Decimal("0.5"),
    min_profit_factor=1.2,
    gate_trades=20,
    gate_min_trades=5,
    size=Size(SizeKind.RISK_PCT, Decimal("0.5")),
    symbols=("BTC/USDT", "ETH/USDT:USDT"),
    description='Says "hello" \\ ÷',
)


def test_only_a_name_and_an_entry_are_needed():
    assert strategy_from_mapping(GOOD) == StrategySpec(name="good", entry_long="close > open")


@pytest.mark.parametrize("spec", [FULL, StrategySpec("a", entry_short="close > 1")])
def test_a_written_strategy_reads_back_the_same(spec, tmp_path):
    path = tmp_path / "strategy.toml"
    path.write_text(strategy_to_toml(spec), encoding="utf-8")
    assert load_strategy_file(path) == spec
    assert strategy_file_faults(path) == []
    assert strategy_from_mapping(tomllib.loads(strategy_to_toml(spec))) == spec


def test_a_percentage_is_kept_exactly_as_written():
    assert strategy_from_mapping({**GOOD, "stop_loss_pct": 0.1}).stop_loss_pct == Decimal("0.1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Sma Cross"}, "name: expected 1 to 64 of a-z"),
        ({"name": 3}, "name: expected a text in quotes, found 3"),
        ({"name": "-x"}, "name: expected"),
        ({"stop_loss": 2}, "unknown key stop_loss; did you mean stop_loss_pct?"),
        ({"stop_loss_pct": -1}, "stop_loss_pct: expected at least 0"),
        ({"stop_loss_pct": 100}, "less than 100, found 100"),
        ({"stop_loss_pct": "2"}, "stop_loss_pct: expected a number, found '2'"),
        ({"stop_loss_pct": True}, "expected a number, found True"),
        ({"take_profit_pct": math.nan}, "take_profit_pct: expected a finite number"),
        ({"trailing_stop_pct": math.inf}, "trailing_stop_pct: expected a finite number"),
        ({"min_profit_factor": -0.5}, "min_profit_factor: expected at least 0"),
        ({"gate_trades": 1.5}, "gate_trades: expected a whole number, found 1.5"),
        ({"gate_trades": 0}, "gate_trades: expected 1 to"),
        ({"gate_trades": 5, "gate_min_trades": 6}, "gate_min_trades (6) must be at most"),
        ({"timeframe": "5x"}, "timeframe: '5x' is not a timeframe"),
        ({"timeframe": "5m", "exit_long": "at('7m', close) > 1"}, "exit_long, column 1: at("),
        ({"size": 100}, "size: expected a table like"),
        ({"size": {"kind": "quote"}}, "size: expected both kind and amount"),
        ({"size": {"kind": "coins", "amount": 1}}, "one of quote, equity_pct, risk_pct"),
        ({"size": {"kind": "quote", "amount": 0}}, "amount must be more than 0"),
        ({"size": {"kind": "equity_pct", "amount": 101}}, "at most 100, found 101"),
        ({"size": {"kind": "quote", "amout": 1}}, "unknown key amout; did you mean amount"),
        (
            {"size": {"kind": "risk_pct", "amount": 1}, "stop_loss_pct": 0},
            "size: risk_pct needs a stop",
        ),
        ({"symbols": "BTC/USDT"}, "symbols: expected a list"),
        ({"symbols": []}, "symbols: expected a list"),
        ({"symbols": ["BTC USDT"]}, "symbols: expected a symbol like BTC/USDT"),
        ({"symbols": ["*", "*"]}, "symbols: a symbol is listed twice"),
        ({"entry_long": ""}, "there is no entry"),
        ({"entry_long": "rsl(14) < 30"}, "entry_long, column 1: unknown function `rsl`"),
        ({"exit_long": ["x"]}, "exit_long: expected a text"),
        ({"description": "two\nlines"}, "description: expected one line"),
    ],
)
def test_each_fault_is_named_with_its_field(change, message):
    [fault] = strategy_faults({**GOOD, **change})
    assert message in fault


def test_all_faults_are_told_at_once():
    faults = strategy_faults({"nam": "x", "exit_long": "close >", "stop_loss_pct": -1})
    assert len(faults) == 5
    with pytest.raises(ConfigError, match="; "):
        strategy_from_mapping({"nam": "x", "exit_long": "close >"})


@pytest.mark.parametrize(
    "content",
    [
        b"name = ",
        b"\xff\xfe",
        b"#" * 70_000,
        b"name = " + b"[" * 30_000,
        b"x = 1e99999999999999999999",
    ],
)
def test_a_file_that_is_no_strategy_is_refused(content, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load_strategy_file(path)
    assert strategy_file_faults(path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read"):
        load_strategy_file(tmp_path / "none.toml")


SHIPPED = [
    "bollinger-return",
    "daily-trend-dip",
    "donchian-breakout",
    "engulfing-turn",
    "macd-cross",
    "rally-fade",
    "rsi-reversal",
    "sma-cross",
    "squeeze-release",
    "supertrend-follow",
    "volume-momentum",
]


def test_the_shipped_strategies_are_these():
    assert [spec.name for spec in builtin_strategies()] == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_strategy_is_good_and_runs_on_any_candles(name):
    [spec] = [spec for spec in builtin_strategies() if spec.name == name]
    file = Path(builtin.__file__).parent / f"{name}.toml"
    assert strategy_file_faults(file) == []
    assert spec.timeframe == "*"
    assert spec.description
    assert bool(spec.entry_long) == bool(spec.exit_long)
    assert bool(spec.entry_short) == bool(spec.exit_short)
    assert spec.stop_loss_pct > 0
    assert strategy_from_mapping(tomllib.loads(strategy_to_toml(spec))) == spec


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d"])
def test_every_shipped_rule_can_be_computed_from_candles_of(timeframe):
    for spec in builtin_strategies():
        for text in filter(None, (spec.entry_long, spec.exit_long, spec.entry_short)):
            assert warmup(parse_rule(text), timeframe) > 0
