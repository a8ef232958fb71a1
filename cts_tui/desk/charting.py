"""What a chart is made of, from plain rows: indicators, the forming candle, marks, levels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cts_tui.market.aggregate import bucket_open_ms
from cts_tui.model.chart import Curve, LastPrice, Level, Mark, Study, StudyKind
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import PRICE_STALE_MS, Candle, timeframe_ms
from cts_tui.model.trading import OPEN_POSITION, Direction
from cts_tui.rules.evaluate import History
from cts_tui.rules.parser import parse_indication
from cts_tui.rules.printer import to_text
from cts_tui.rules.syntax import Expression, IndicatorValue

_BOUNDED: Final = frozenset({"rsi", "adx", "mfi", "stoch", "stochf", "stochrsi", "ultosc", "dx"})
_OVERLAYS: Final = frozenset(
    {
        "sma",
        "ema",
        "wma",
        "dema",
        "tema",
        "trima",
        "kama",
        "t3",
        "bbands",
        "sar",
        "vwap",
        "midpoint",
    }
)


def studies_over(
    columns: CandleColumns, timeframe: str, indications: Iterable[str], limit: int
) -> tuple[Study, ...]:
    """Return the `indications` (rule language) over `columns`, the newest `limit` values of each.

    They are the values the rules see: computed by the same code over closed candles.
    """
    computed = History(columns, timeframe)
    return tuple(_study(text, computed, limit) for text in indications)


def _study(text: str, computed: History, limit: int) -> Study:
    expressions = parse_indication(text)
    curves, name = [], ""
    for expression in expressions:
        label = to_text(expression)
        output = expression.output_name if isinstance(expression, IndicatorValue) else ""
        name = label.removesuffix(f".{output}")
        values = tuple(computed.values(expression)[-limit:].tolist())
        curves.append(Curve(output or label, values, is_histogram=output == "hist"))
    return Study(name, _kind(expressions[0]), tuple(curves))


def _kind(expression: Expression) -> StudyKind:
    name = expression.call.name.lower() if isinstance(expression, IndicatorValue) else "field"
    if name in _BOUNDED:
        return StudyKind.BOUNDED
    return StudyKind.OVERLAY if name in _OVERLAYS | {"field"} else StudyKind.OSCILLATOR


def last_price(row: Mapping[Any, Any] | None, now_ms: int) -> LastPrice | None:
    """Return the latest price of a symbol, stale where it is flagged or too old."""
    if row is None:
        return None
    is_stale = row["is_stale"] or now_ms - row["time_ms"] > PRICE_STALE_MS
    return LastPrice(float(row["price"]), row["time_ms"], row["source"], is_stale)


def forming_candle(
    closed: Sequence[Candle], rest: CandleColumns | None, last: LastPrice | None, timeframe: str
) -> Candle | None:
    """Return the candle that is not closed yet, None where the latest price belongs to none.

    It opens at the close before it (a first guess: trades within it are not stored), holds the
    finer candles of its time there are, and ends at the latest price.
    """
    if last is None or not closed:
        return None
    step_ms = timeframe_ms(timeframe)
    bucket_ms = bucket_open_ms(last.time_ms, timeframe)
    if bucket_ms <= closed[-1].time_ms:
        return None
    fine = [candle for candle in rest or () if candle.time_ms >= bucket_ms]
    is_next = bucket_ms == closed[-1].time_ms + step_ms
    opened = fine[0].open if fine else closed[-1].close if is_next else last.price
    prices = [opened, last.price]
    return Candle(
        bucket_ms,
        opened,
        max(prices + [candle.high for candle in fine]),
        min(prices + [candle.low for candle in fine]),
        last.price,
        sum(candle.volume for candle in fine),
    )


def marks(rows: Iterable[Mapping[Any, Any]]) -> tuple[Mark, ...]:
    """Return the entries and exits of positions in order of time."""
    found: list[Mark] = []
    for row in rows:
        side = Direction(row["side"])
        entry = Mark(row["entry_time_ms"], float(row["entry_price"]), side, is_entry=True)
        found.append(entry)
        if row["exit_time_ms"] is not None and row["exit_price"] is not None:
            pnl = None if row["pnl"] is None else float(row["pnl"])
            exit_price = float(row["exit_price"])
            found.append(
                replace(
                    entry, time_ms=row["exit_time_ms"], price=exit_price, is_entry=False, pnl=pnl
                )
            )
    return tuple(sorted(found, key=lambda mark: mark.time_ms))


def levels(rows: Iterable[Mapping[Any, Any]]) -> tuple[Level, ...]:
    """Return entry, stop and target of the open positions."""
    names = (("entry", "entry_price"), ("stop", "stop_price"), ("target", "target_price"))
    return tuple(
        Level(name, float(row[column]))
        for row in rows
        if row["status"] in OPEN_POSITION
        for name, column in names
        if row[column] is not None
    )
