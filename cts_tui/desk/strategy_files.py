"""Strategy files as a face reads and checks them: without a store, so that it takes no time."""

from collections.abc import Sequence
from pathlib import Path

from cts_tui.model.strategy_views import StrategyFault
from cts_tui.rules.check import text_faults
from cts_tui.rules.spec import read_strategy_text


def strategy_faults(text: str) -> Sequence[StrategyFault]:
    """Return everything that is wrong with a strategy written in TOML, each with its place.

    Takes less than a millisecond: an editor may ask at every pause.
    """
    return text_faults(text)


def strategy_file_text(path: Path) -> str:
    """Return the text of a strategy file. Raises ConfigError, which names the file."""
    return read_strategy_text(path)
