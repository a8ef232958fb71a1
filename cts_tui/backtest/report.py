"""The JSON document of `backtest --json` and `replay --json` (design.md §6)."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from cts_tui.backtest.metrics import Metrics
from cts_tui.clock import iso_from_ms
from cts_tui.model.columns import CandleColumns
from cts_tui.model.money import money_text
from cts_tui.model.trade import Trade

Document = dict[str, Any]
"""JSON-ready: strings, finite numbers, None, lists and dicts."""


def document(
    *,
    rows: int,
    dropped: int,
    repaired: int,
    gaps: int,
    results: Sequence[Document],
    pipeline: Document | None = None,
) -> Document:
    """Return the whole document; only a replay has a `pipeline`."""
    quality = {"rows": rows, "dropped": dropped, "repaired": repaired, "gaps": gaps}
    whole: Document = {"data": quality, "results": list(results)}
    return whole if pipeline is None else {**whole, "pipeline": pipeline}


def result_document(
    *,
    symbol: str,
    timeframe: str,
    strategy: str,
    candles: CandleColumns,
    metrics: Metrics,
    trades: Sequence[Trade],
) -> Document:
    """Return one result: money as strings, times ISO-8601 UTC, percentages to six decimals.

    `start` and `end` are the open times of the first and the last candle, None without candles.
    """
    return {
        "symbol": symbol,
        "timeframe": timeframe,
        "strategy": strategy,
        "candles": len(candles),
        "start": iso_from_ms(int(candles.time_ms[0])) if len(candles) else None,
        "end": iso_from_ms(int(candles.time_ms[-1])) if len(candles) else None,
        **figures(metrics),
        "trade_list": [trade_document(trade) for trade in trades],
    }


def figures(metrics: Metrics) -> Document:
    """Return the figures of a result, as they stand in it."""
    return {
        "trades": metrics.trades,
        "wins": metrics.wins,
        "losses": metrics.losses,
        "profit_factor": finite(metrics.profit_factor),
        "net_profit": money_text(metrics.net_profit),
        "net_profit_pct": _pct(metrics.net_profit_pct),
        "max_drawdown_pct": _pct(metrics.max_drawdown_pct),
        "sharpe": finite(metrics.sharpe),
        "sortino": finite(metrics.sortino),
        "win_rate_pct": _pct(metrics.win_rate_pct),
        "avg_trade_pct": _pct(metrics.avg_trade_pct),
        "exposure_pct": _pct(metrics.exposure_pct),
    }


def trade_document(trade: Trade) -> Document:
    """Return one trade; its times are the open times of the candles in which it filled."""
    return {
        "side": trade.direction.value,
        "entry_time": iso_from_ms(trade.entry_time_ms),
        "entry_price": money_text(trade.entry_price),
        "exit_time": iso_from_ms(trade.exit_time_ms),
        "exit_price": money_text(trade.exit_price),
        "quantity": money_text(trade.quantity),
        "fees": money_text(trade.fees),
        "pnl": money_text(trade.pnl),
        "pnl_pct": _pct(trade.pnl_pct),
        "exit_reason": trade.exit_reason.value,
    }


def finite(value: float | None) -> float | None:
    """Return `value` if JSON can hold it, else None."""
    return value if value is not None and isfinite(value) else None


def _pct(value: float) -> float | None:
    """Return a percentage to six decimals, never −0.0; None if it is not finite."""
    return round(value, 6) + 0.0 if isfinite(value) else None
