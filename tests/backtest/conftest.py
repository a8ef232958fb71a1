"""Histories to trade on: candles by hand, and random walks."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from cts_tui.model.columns import BoolArray, CandleColumns
from cts_tui.model.market import Candle
from cts_tui.model.strategy import Size, SizeKind, StrategySpec

MINUTE_MS = 60_000
Walk = Callable[[int, int], CandleColumns]
Flags = Callable[[int, int, float], dict[str, BoolArray]]
Specs = Callable[..., StrategySpec]


@pytest.fixture(scope="session")
def make_candles() -> Callable[..., CandleColumns]:
    """Candles from (open, high, low, close), one a minute (or `step_ms`) from the epoch."""

    def build(*rows: tuple[float, float, float, float], step_ms: int = MINUTE_MS) -> CandleColumns:
        return CandleColumns.from_candles(
            [Candle(index * step_ms, *row, 1.0) for index, row in enumerate(rows)]
        )

    return build


@pytest.fixture(scope="session")
def make_walk() -> Walk:
    """A random walk of `count` candles that gaps now and then, on a grid of whole numbers."""

    def build(seed: int, count: int) -> CandleColumns:
        rng = np.random.default_rng(seed)
        close = np.maximum(np.round(100 + np.cumsum(rng.normal(0, 1.2, count))), 20.0)
        gap = np.where(rng.random(count) < 0.1, rng.integers(-4, 5, count), 0)
        open_ = np.maximum(np.concatenate(([100.0], close[:-1])) + gap, 15.0)
        high = np.maximum(open_, close) + rng.integers(0, 3, count)
        low = np.minimum(open_, close) - rng.integers(0, 3, count)
        time_ms = np.arange(count, dtype=np.int64) * MINUTE_MS
        return CandleColumns(time_ms, open_, high, low, close, np.ones(count))

    return build


@pytest.fixture(scope="session")
def make_flags() -> Flags:
    """Four rules that hold at random closes, each with the same chance."""

    def build(seed: int, count: int, chance: float) -> dict[str, BoolArray]:
        rng = np.random.default_rng(seed)
        names = ("entry_long", "exit_long", "entry_short", "exit_short")
        return {name: rng.random(count) < chance for name in names}

    return build


@pytest.fixture(scope="session")
def make_spec() -> Specs:
    """A strategy whose rules are given as arrays: only protection, gate and size matter."""

    def build(
        stop: str = "2",
        target: str = "3",
        trailing: str = "0",
        size: tuple[SizeKind, str] = (SizeKind.QUOTE, "100"),
        **gate: float,
    ) -> StrategySpec:
        return StrategySpec(
            "any",
            stop_loss_pct=Decimal(stop),
            take_profit_pct=Decimal(target),
            trailing_stop_pct=Decimal(trailing),
            size=Size(size[0], Decimal(size[1])),
            **gate,  # type: ignore[arg-type]
        )

    return build
