"""The end-to-end trial: it passes, and what is made wrong is named by the link that it breaks."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cts_tui.engine import settlement, strategy
from cts_tui.engine.realtime import RealtimeProcessor
from cts_tui.engine.trial.run import Trial, run_trial
from cts_tui.errors import StoreError
from cts_tui.indicators import stream
from cts_tui.model import holding
from cts_tui.rules import evaluate
from cts_tui.rules.decision import Decision
from cts_tui.rules.protection import Protection
from cts_tui.store.batch import Batch
from cts_tui.store.schema import open_store
from cts_tui.venue import paper
from cts_tui.venue.paper_ledger import PaperLedger

Patch = pytest.MonkeyPatch
ROWS = {"candle": 14, "indication": 14, "signal": 4, "order": 6, "fill": 6, "position": 3,
        "close": 3, "pnl": 3, "event": 6, "balance": 1}  # fmt: skip


def play(folder: Path) -> Trial:
    return asyncio.run(run_trial(folder))


def test_every_link_of_the_chain_holds(tmp_path: Path) -> None:
    trial = play(tmp_path)
    assert trial.broken is None
    assert {link.name: link.rows for link in trial.links} == ROWS
    assert [file.name for file in tmp_path.iterdir()] == ["scratch.db"]


def test_settings_of_the_trader_do_not_touch_it(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("CTS_PAPER_FEE_PCT", "7")
    monkeypatch.setenv("CTS_SMA_PERIOD", "no number")
    assert play(tmp_path).broken is None


def every(real: Callable[..., Any], wrong: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a function whose results are made wrong."""
    return lambda *given, **named: wrong(real(*given, **named))


def wrong_candle(patch: Patch) -> None:
    real = Batch.candle

    def record(
        batch: Batch, place: int, symbol: str, timeframe: str, candle: Any, *of: Any
    ) -> None:
        real(batch, place, symbol, timeframe, candle._replace(volume=21.0), *of)

    patch.setattr(Batch, "candle", record)


def lost_candle(patch: Patch) -> None:
    patch.setattr(Batch, "candle", lambda *_: None)


def wrong_indicator(patch: Patch) -> None:
    def off(update: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *inputs: tuple(value + 0.001 for value in update(*inputs))

    patch.setattr(stream, "_updater", every(stream._updater, off))


def wrong_history(patch: Patch) -> None:
    patch.setattr(
        evaluate, "compute", every(evaluate.compute, lambda columns: [c + 0.001 for c in columns])
    )


def lost_exit_rule(patch: Patch) -> None:
    real = strategy.decide
    patch.setattr(
        strategy, "decide", lambda *a, **k: Decision(exit=False, enter=real(*a, **k).enter)
    )


def lost_order_states(patch: Patch) -> None:
    patch.setattr(Batch, "order", lambda *_: None)


def wrong_slippage(patch: Patch) -> None:
    patch.setattr(paper, "slip", lambda price, *_, **__: price)


def wrong_fee(patch: Patch) -> None:
    patch.setattr(paper, "fee", every(paper.fee, lambda fee: fee + Decimal("0.0001")))


def no_levels(patch: Patch) -> None:
    patch.setattr(Protection, "touched", lambda *_: None)


def wrong_position(patch: Patch) -> None:
    _write_positions(patch, stop_price=Decimal("98.5"))


def wrong_reason(patch: Patch) -> None:
    _write_positions(patch, exit_reason="manual")


def _write_positions(patch: Patch, **wrong: Any) -> None:
    real = Batch.position

    def record(batch: Batch, place: int, position: Any, now_ms: int) -> None:
        real(batch, place, replace(position, **wrong), now_ms)

    patch.setattr(Batch, "position", record)


def wrong_pnl(patch: Patch) -> None:
    cent = Decimal("0.01")
    patch.setattr(holding, "cash_pnl", every(holding.cash_pnl, lambda pnl: pnl + cent))


def no_events(patch: Patch) -> None:
    patch.setattr(settlement, "_tell", lambda *_, **__: None)


def wrong_account(patch: Patch) -> None:
    patch.setattr(PaperLedger, "add", lambda *_, **__: None)


def failing_processor(patch: Patch) -> None:
    async def cycle(_: RealtimeProcessor) -> None:
        raise RuntimeError("a fault of this test")

    patch.setattr(RealtimeProcessor, "cycle", cycle)


@pytest.mark.parametrize(
    ("break_it", "link", "says"),
    [
        (wrong_candle, "candle", "the candle at 12:"),
        (lost_candle, "candle", "the number of candles is 0, expected 14"),
        (wrong_indicator, "indication", "sma(3) at 12:05 is 99.3343"),
        (wrong_history, "indication", "sma(3) at 12:04 is 99.001, expected 99.0"),
        (lost_exit_rule, "signal", "the number of signals is 3, expected 4"),
        (no_levels, "signal", "the number of signals is"),
        (lost_order_states, "order", "is intent, expected filled"),
        (wrong_slippage, "order", "has filled is 10.05, expected 10"),
        (wrong_fee, "fill", "is 1.0051, expected 1.005"),
        (wrong_position, "position", "is 98.5, expected 98.49"),
        (wrong_reason, "close", "is manual, expected take_profit"),
        (wrong_pnl, "pnl", "is 28.11985, expected 28.10985"),
        (no_events, "event", "the number of events of positions is 0, expected 6"),
        (wrong_account, "balance", "the balance is 10000, expected 9989.1003745"),
        (failing_processor, "processor realtime", "RuntimeError: a fault of this test"),
    ],
)
def test_what_is_wrong_is_named_by_the_link_it_breaks(
    tmp_path: Path, monkeypatch: Patch, break_it: Callable[[Patch], None], link: str, says: str
) -> None:
    break_it(monkeypatch)
    broken = play(tmp_path).broken
    assert broken is not None
    assert broken.name == link
    assert says in broken.fault


def test_a_scratch_store_that_takes_no_rows_is_an_error(tmp_path: Path, monkeypatch: Patch) -> None:
    def fill_up(database: Any) -> None:
        open_store(database)
        with database.write() as transaction:
            transaction.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON signals BEGIN "
                "SELECT RAISE(ABORT, 'database or disk is full'); END"
            )

    monkeypatch.setattr("cts_tui.engine.trial.run.open_store", fill_up)
    with pytest.raises(StoreError, match="the scratch store did not take every row"):
        play(tmp_path)
