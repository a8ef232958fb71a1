"""Recorded candles from a CSV file: read, cleaned and named, ready for a backtest or a replay."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from cts_tui.errors import ConfigError
from cts_tui.market.clean import Cleaned, DataQuality, clean
from cts_tui.market.csv_columns import HEADER, parse_columns
from cts_tui.model.columns import CandleColumns
from cts_tui.model.market import timeframe_ms

_GZIP_MAGIC: Final = b"\x1f\x8b"
_NAME_FORM: Final = "EXCHANGE_SYMBOL_TIMEFRAME.csv[.gz]"
_NO_EXCHANGE: Final = "CSV"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The candles of one file. `exchange` is `CSV` where the file's name does not tell."""

    exchange: str
    symbol: str
    timeframe: str
    columns: CandleColumns
    quality: DataQuality


@dataclass(frozen=True, slots=True)
class _Name:
    exchange: str
    symbol: str
    timeframe: str


def read_recorded(
    path: str | Path, symbol: str | None = None, timeframe: str | None = None
) -> Recorded:
    """Read, clean and name the candles of one CSV file, gzipped or not.

    `symbol` and `timeframe` come from the file's name unless given. Raises ConfigError, one line,
    when the file cannot be read, is not a candle file, or holds nothing usable.
    """
    path = Path(path)
    content = _content(path)
    name = _name(path, symbol, timeframe)
    try:
        columns = parse_columns(content)
    except ConfigError as error:
        raise ConfigError(f"{path} is not a candle file: {error}") from error
    cleaned = clean(columns, name.timeframe)
    _refuse_unusable(path, cleaned, name.timeframe)
    return Recorded(name.exchange, name.symbol, name.timeframe, cleaned.columns, cleaned.quality)


def _name(path: Path, symbol: str | None, timeframe: str | None) -> _Name:
    """Return what the file is called, given words first."""
    from_name = _split_name(path.name)
    if from_name is None and not (symbol and timeframe):
        raise ConfigError(
            f"{path} does not say what it holds: expected a name like {_NAME_FORM}; "
            "rename it, or give both --symbol and --timeframe"
        )
    exchange, own_symbol, own_timeframe = from_name or (_NO_EXCHANGE, "", "")
    name = _Name(exchange, symbol or own_symbol, timeframe or own_timeframe)
    try:
        timeframe_ms(name.timeframe)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; rename the file or give --timeframe") from error
    return name


def _split_name(file_name: str) -> tuple[str, str, str] | None:
    """Return exchange, symbol and timeframe: `BYBIT_BTCUSDT_5m.csv.gz` → BYBIT, BTCUSDT, 5m."""
    stem = file_name
    for suffix in (".gz", ".csv"):
        if stem.lower().endswith(suffix):
            stem = stem[: -len(suffix)]
    exchange, _, rest = stem.partition("_")
    symbol, _, timeframe = rest.rpartition("_")
    return (exchange, symbol, timeframe) if exchange and symbol and timeframe else None


def _content(path: Path) -> bytes:
    """Return the text of the file, unpacked."""
    raw = _raw(path)
    is_packed = raw.startswith(_GZIP_MAGIC)
    if path.suffix.lower() == ".gz" and raw and not is_packed:
        raise ConfigError(
            f"{path} is named .gz but is not gzip: pack it with gzip, or rename it to .csv"
        )
    content = _unpacked(path, raw) if is_packed else raw
    if not content.strip():
        raise ConfigError(
            f"{path} is empty: expected the header {','.join(HEADER)} and one line per candle; "
            "record or download it again"
        )
    return content


def _raw(path: Path) -> bytes:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: expected a CSV file; name the files in it")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist: check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} cannot be read ({reason}): check its permissions") from error


def _unpacked(path: Path, raw: bytes) -> bytes:
    try:
        return gzip.decompress(raw)
    except EOFError as error:
        raise ConfigError(
            f"{path} is cut off in the middle of its gzip data: copy or download it again"
        ) from error
    except (OSError, zlib.error) as error:
        raise ConfigError(f"{path} is damaged gzip ({error}): copy or download it again") from error


def _refuse_unusable(path: Path, cleaned: Cleaned, timeframe: str) -> None:
    if not len(cleaned.columns):
        raise ConfigError(
            f"{path} holds no usable candle: {cleaned.quality.rows} rows read, "
            f"{cleaned.quality.dropped} dropped; expected rows of {','.join(HEADER)} with a UTC "
            "open time in milliseconds and positive prices"
        )
    if len(cleaned.columns) > 1:
        _refuse_overlap(path, cleaned.columns, timeframe)


def _refuse_overlap(path: Path, columns: CandleColumns, timeframe: str) -> None:
    """Refuse candles that mostly lie closer than their timeframe: it cannot be theirs."""
    distance_ms = float(np.median(np.diff(columns.time_ms)))
    if distance_ms < timeframe_ms(timeframe):
        raise ConfigError(
            f"{path}: expected candles of {timeframe}, found them {distance_ms / 1000:g} s apart; "
            "give the right --timeframe, and timestamps in milliseconds"
        )
