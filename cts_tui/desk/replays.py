"""Replaying recorded candles for a face: files and strategies in, one JSON-ready document out."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from cts_tui.backtest.report import document
from cts_tui.backtest.series import Terms
from cts_tui.clock import SystemClock, utc_from_ms
from cts_tui.desk.desk import Desk
from cts_tui.desk.recordings import quality_sum
from cts_tui.engine.replay import Replay, connection_name
from cts_tui.errors import ConfigError
from cts_tui.market.recorded import Recorded
from cts_tui.model.strategy import StrategySpec
from cts_tui.settings import load_settings
from cts_tui.store import connections, leases


def distinct(files: list[Recorded]) -> list[Recorded]:
    """Return `files`. Raises ConfigError where two would be stored in one place."""
    names = [connection_name(file) for file in files]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"two files hold the series {name.removeprefix('replay-')}; give one of them"
            )
    return files


def replay(
    desk: Desk,
    files: Sequence[Recorded],
    specs: Sequence[Sequence[StrategySpec]],
    terms: Terms,
    *,
    is_gated: bool,
    on_file: Callable[[Recorded], None],
) -> dict[str, Any]:
    """Replay `files` one after the other, each with its `specs`; return design.md §6's document."""
    settings = load_settings().model_copy(
        update={
            "paper_fee_pct": terms.fee_pct,
            "paper_slippage_pct": terms.slippage_pct,
            "paper_balance": terms.balance,
        }
    )
    owner = f"replay-{socket.gethostname()}-{os.getpid()}"
    run = Replay(desk.database, settings, owner, is_gated=is_gated)
    results: list[dict[str, Any]] = []
    try:
        with contextlib.closing(run):
            for file, meant in zip(files, specs, strict=True):
                on_file(file)
                results += asyncio.run(run.run(file, meant))
    except BaseException:
        _forget_half(desk, files, owner)
        raise
    return document(**quality_sum(files), results=results, pipeline=run.figures.document())


def _forget_half(desk: Desk, files: Sequence[Recorded], owner: str) -> None:
    """Empty the series at which a replay broke off: half of one would pass for the whole."""
    now = utc_from_ms(SystemClock().now_ms())
    with desk.database.write() as transaction:
        for file in files:
            setup = connections.find(transaction, connection_name(file))
            if setup and leases.owner_of(transaction, setup.id, now) == owner:
                connections.clear(transaction, setup.id)
                leases.release(transaction, owner, setup.id)
