"""The file of trades that a backtest leaves: whole or not at all."""

import csv
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from cts_tui.errors import ConfigError

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
        self._path = Path(path).resolve()
        folder = self._path.parent
        if self._path.is_dir():
            raise self._refusal("it is a folder")
        if not folder.is_dir():
            raise self._refusal(f"there is no folder {folder}")
        if self._path.exists() and not self._path.is_file():
            raise self._refusal("it is not a file")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise self._refusal(f"the folder {folder} is not writable for this user")
        if self._path in {Path(name).resolve() for name in inputs}:
            raise self._refusal("it is one of the candle files")

    def write(self, results: Sequence[Mapping[str, Any]]) -> int:
        """Write every trade of the `results` of a document, in their order; return how many.

        The file is complete from its first moment; what was there before is replaced. Raises
        ConfigError where that fails; nothing is changed then.
        """
        rows = [
            {**trade, **{name: result[name] for name in SERIES}}
            for result in results
            for trade in result["trade_list"]
        ]
        try:
            self._replace_by(rows)
        except OSError as error:
            raise self._refusal(error.strerror or str(error)) from error
        return len(rows)

    def _replace_by(self, rows: Sequence[Mapping[str, Any]]) -> None:
        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name[:80]}.")
        try:
            with open(number, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
                writer = csv.DictWriter(file, (*SERIES, *TRADE), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _refusal(self, reason: str) -> ConfigError:
        return ConfigError(
            f"the trades cannot be written to {self._path}: {reason}; name another file"
        )
