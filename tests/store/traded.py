"""A store with real trades: two recorded series replayed through the whole pipeline."""

import math
from pathlib import Path

from cts_tui.backtest.series import Terms
from cts_tui.desk.desk import Desk
from cts_tui.desk.recordings import chosen_strategies, read_files, without_unfit
from cts_tui.desk.replays import replay
from cts_tui.model.trading import Actor
from cts_tui.paths import DataFolder

CANDLES = 400
_STRATEGIES = ("macd-cross", "rsi-reversal", "sma-cross")


def candle_file(folder: Path, symbol: str, shift: float) -> Path:
    """Write candles on which the built-in strategies trade."""
    file = folder / f"TEST_{symbol}_5m.csv"
    rows = ["timestamp_ms,open,high,low,close,volume"]
    last = 100.0
    for index in range(CANDLES):
        close = 100.0 + 8 * math.sin(index / 9 + shift) + 3 * math.sin(index / 2.7)
        high, low = max(last, close) + 0.2, min(last, close) - 0.2
        rows.append(f"{1_743_699_900_000 + index * 300_000},{last},{high},{low},{close},5")
        last = close
    file.write_text("\n".join(rows) + "\n")
    return file


def make_traded_store(folder: DataFolder, candles: Path) -> None:
    """Open a new data folder and have its store hold the trades of two series."""
    files = [
        candle_file(candles, symbol, shift) for symbol, shift in (("BTCUSDT", 0), ("ETHUSDT", 1))
    ]
    recorded = read_files(files, None, None)
    desk = Desk.open(folder, Actor.CLI)
    try:
        specs, _ = without_unfit(recorded, chosen_strategies(desk, _STRATEGIES), are_named=True)
        replay(desk, recorded, specs, Terms(), is_gated=False, on_file=lambda _: None)
    finally:
        desk.close()
