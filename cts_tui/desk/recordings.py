"""What replays, backtests and searches begin with: candle files, and the strategies to run on them.

Loads the whole store only where it must: a backtest is to be over by then.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cts_tui.backtest.series import unfit
from cts_tui.errors import ConfigError
from cts_tui.market.recorded import Recorded, read_recorded
from cts_tui.model.strategy import StrategySpec
from cts_tui.paths import DataFolder
from cts_tui.rules.builtin import builtin_names
from cts_tui.store.peek import stored_strategies

if TYPE_CHECKING:
    from cts_tui.desk.desk import Desk


def read_files(
    paths: Sequence[str], symbol: str | None = None, timeframe: str | None = None
) -> list[Recorded]:
    """Read every file. Raises ConfigError for the first that cannot be used."""
    return [read_recorded(path, symbol, timeframe) for path in paths]


def quality_sum(files: Sequence[Recorded]) -> dict[str, int]:
    """Return what cleaning found, added up, as the documents have it."""
    names = ("rows", "dropped", "repaired", "gaps")
    return {name: sum(getattr(file.quality, name) for file in files) for name in names}


def specs_of_folder(folder: DataFolder, names: Sequence[str]) -> list[StrategySpec]:
    """Return what `chosen_strategies` does, as fast as the store in `folder` lets it.

    The desk is opened only where the store is new, old, elsewhere, or lacks what is asked for.
    """
    stored = None if os.environ.get("CTS_DATABASE_URL") else stored_strategies(folder.database)
    known = {spec.name for spec, _ in stored or ()}
    if stored is not None and known.issuperset(names or builtin_names()):
        return _chosen([spec for spec, enabled in stored if names or enabled], names)
    from cts_tui.desk.desk import Desk
    from cts_tui.model.trading import Actor

    desk = Desk.open(folder, Actor.CLI)
    try:
        return chosen_strategies(desk, names)
    finally:
        desk.close()


def chosen_strategies(desk: "Desk", names: Sequence[str]) -> list[StrategySpec]:
    """Return the stored strategies called `names`, in that order; all enabled ones without any.

    Raises ConfigError for an unknown name, or when there is nothing to run.
    """
    from cts_tui.store import strategies

    for name in names:
        desk.strategies.get(name)
    with desk.database.read() as transaction:
        return _chosen(strategies.specs(transaction, only_enabled=not names), names)


def _chosen(specs: Sequence[StrategySpec], names: Sequence[str]) -> list[StrategySpec]:
    by_name = {spec.name: spec for spec in specs}
    chosen = [by_name[name] for name in dict.fromkeys(names or by_name)]
    if not chosen:
        raise ConfigError("no strategy is enabled; see: strategies list, strategies enable NAME")
    return chosen


def without_unfit(
    files: Sequence[Recorded], specs: Sequence[StrategySpec], *, are_named: bool
) -> tuple[list[list[StrategySpec]], list[str]]:
    """Return the strategies for each file, and a line for each that its candles are too coarse for.

    What was not named is left out there; what was named raises ConfigError, and so does it when
    nothing is left at all.
    """
    fitting: list[list[StrategySpec]] = []
    faults: list[str] = []
    for file in files:
        meant = [spec for spec in specs if spec.trades_symbol(file.symbol)]
        reasons = [unfit(file.symbol, file.timeframe, spec) for spec in meant]
        faults += filter(None, reasons)
        fitting.append([spec for spec, fault in zip(meant, reasons, strict=True) if not fault])
    if faults and (are_named or not any(fitting)):
        raise ConfigError(faults[0])
    return fitting, [f"skipped: {fault}" for fault in faults]
