"""What `--param` says, and the strategy at each point of the grid."""

from decimal import Decimal

import pytest

from cts_tui.backtest.grid import grid, places, with_values
from cts_tui.errors import ConfigError
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.rules.builtin import builtin_strategies

CROSS = StrategySpec(
    "cross",
    entry_long="crosses_above(sma(10), sma(30)) and rsi(14) < 70",
    exit_long="crosses_below(sma(10), sma(30))",
    entry_short="close < lowest(low, 20)[1] and macd(12,26,9).hist < 0",
    exit_short='at("1h", ema(sma(10), 50)) < close or sma(volume, 5) > 0',
)


def values(text: str) -> list[Decimal]:
    return list(grid(CROSS, [text]).parameters[0].values)


def test_values_are_a_list_or_a_range_with_its_end() -> None:
    assert values("stop_loss_pct=1, 2.5,1") == [Decimal(1), Decimal("2.5")]
    assert values("sma.0=5..20:5") == [5, 10, 15, 20]
    assert values("sma.0=5..19:5") == [5, 10, 15]
    assert values("sma.0=5..7") == [5, 6, 7]
    assert values("trailing_stop_pct=0.1..0.3:0.1") == [Decimal(x) for x in ("0.1", "0.2", "0.3")]


def test_equal_calls_are_one_and_are_counted_as_they_are_read() -> None:
    assert places(CROSS) == {
        "sma.0": "sma(10)",
        "sma#2.0": "sma(30)",
        "rsi.0": "rsi(14)",
        "lowest.0": "lowest(low, 20)",
        "macd.0": "macd(12,26,9)",
        "macd.1": "macd(12,26,9)",
        "macd.2": "macd(12,26,9)",
        "ema.0": "ema(sma(10), 50)",
        "sma#3.0": "sma(volume, 5)",
    }


def test_a_value_changes_its_call_wherever_it_stands_and_nothing_else() -> None:
    spec = with_values(
        CROSS, {"sma.0": Decimal(7), "macd.1": Decimal(40), "stop_loss_pct": Decimal(1)}
    )
    assert spec.entry_long == "crosses_above(sma(7), sma(30)) and rsi(14) < 70"
    assert spec.exit_long == "crosses_below(sma(7), sma(30))"
    assert spec.entry_short == "close < lowest(low, 20)[1] and macd(12,40,9).hist < 0"
    assert spec.exit_short == 'at("1h", ema(sma(7), 50)) < close or sma(volume, 5) > 0'
    assert spec.stop_loss_pct == 1
    assert with_values(CROSS, {"sma#1.0": Decimal(7)}) == with_values(CROSS, {"sma.0": Decimal(7)})


def test_two_calls_may_become_alike_and_change_places() -> None:
    spec = with_values(CROSS, {"sma.0": Decimal(30), "sma#2.0": Decimal(10)})
    assert spec.exit_long == "crosses_below(sma(30), sma(10))"


def test_every_combination_occurs_once_and_neighbours_share_their_rules() -> None:
    whole = grid(CROSS, ["stop_loss_pct=1,2,3", "sma.0=5,6", "rsi.0=7,14"])
    points = [tuple(whole.values(index).values()) for index in range(len(whole))]
    assert len(whole) == 12 == len(set(points))
    assert [whole.at(index).entry_long for index in (0, 1, 2)] == [whole.at(0).entry_long] * 3
    assert whole.at(3).entry_long != whole.at(2).entry_long


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sma.0", "expected NAME=VALUES like"),
        ("=1", "expected NAME=VALUES like"),
        ("sma.0=", "expected NAME=VALUES like"),
        ("sma.0=a,b", "'a,b' are no numbers"),
        ("sma.0=1..", "are no numbers"),
        ("sma.0=9..5", "a range goes up"),
        ("sma.0=5..9:0", "a range goes up"),
        ("sma.0=5..9:-1", "a range goes up"),
        ("sma.0=nan", "nan is out of bounds"),
        ("sma.0=1e30", "1e30 is out of bounds"),
        ("stop_loss_pct=0..1:0.0000001", "10,000,001 values, at most 20,000"),
        (
            "stop_los_pct=1",
            "has no stop_los_pct; did you mean stop_loss_pct?; there are: stop_loss",
        ),
        ("sma.1=1", "has no sma.1"),
        ("sma#4.0=1", "has no sma#4.0"),
        ("sma#0.0=1", "has no sma#0.0"),
        ("wma.0=1", "has no wma.0"),
        ("name=1", "has no name"),
        ("sma.0=0", "--param sma.0=0: sma: "),
        ("sma.0=2.5", "--param sma.0=2.5: sma: "),
        ("stop_loss_pct=100", "--param stop_loss_pct=100: expected at least 0 and less than 100"),
        ("take_profit_pct=-1", "--param take_profit_pct=-1: expected at least 0"),
    ],
)
def test_what_cannot_be_searched_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        grid(CROSS, [text])
    assert said in str(refused.value)


def test_a_grid_that_is_too_large_is_refused_with_its_size() -> None:
    with pytest.raises(ConfigError, match="has 20,100 combinations, at most 20,000 are tried"):
        grid(CROSS, ["sma.0=1..201:1", "sma#2.0=2..101"])


def test_a_parameter_given_twice_and_none_at_all_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"rsi\.0 is given twice"):
        grid(CROSS, ["rsi.0=1,2", "rsi.0=3"])
    with pytest.raises(ConfigError, match="nothing to vary"):
        grid(CROSS, [])


def test_a_stop_that_the_size_needs_cannot_be_searched_away() -> None:
    risking = StrategySpec("r", entry_long="close > 1", size=Size(SizeKind.RISK_PCT, Decimal(1)))
    with pytest.raises(ConfigError, match="stop_loss_pct=0: size: risk_pct needs a stop"):
        grid(risking, ["stop_loss_pct=0,1"])


@pytest.mark.parametrize("spec", builtin_strategies(), ids=lambda spec: spec.name)
def test_every_place_in_the_built_ins_can_be_varied(spec: StrategySpec) -> None:
    for name in places(spec):
        assert with_values(spec, {name: Decimal(3)}) != spec
