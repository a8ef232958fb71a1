"""The file of trades that a backtest leaves."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cts_tui.desk.csv_file import CsvFile

SERIES: Final = ("symbol", "timeframe", "strategy")
TRADE: Final = (
    "side",
    "entry_time",
    "entry_price",
    "exit_time",
    "exit_price",
    "quantity",
    "fees",
    "pnl",
    "pnl_pct",
    "exit_reason",
)


class TradeFile:
    """A CSV file to be written, checked before anything is computed."""

    def __init__(self, path: str, inputs: Sequence[str]) -> None:
        """Raise ConfigError where the file cannot be written, or is one of the `inputs`."""
        self._file = CsvFile(path, "the trades cannot be written to", inputs)

    def write(self, results: Sequence[Mapping[str, Any]]) -> int:
        """Write every trade of the `results` of a document, in their order; return how many.

        Raises ConfigError where that fails; nothing is changed then.
        """
        return self._file.write(
            (*SERIES, *TRADE),
            (
                {**trade, **{name: result[name] for name in SERIES}}
                for result in results
                for trade in result["trade_list"]
            ),
        )
