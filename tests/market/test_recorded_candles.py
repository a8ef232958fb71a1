import gzip

import numpy as np
import pytest

from cts_tui.errors import ConfigError
from cts_tui.market.csv_columns import parse_dirty, parse_plain
from cts_tui.market.recorded import read_recorded
from cts_tui.model.market import Candle

HEADER = "timestamp_ms,open,high,low,close,volume\n"
ROW = "1743699900000,100,101.5,99,100.5,5\n"
NEXT_ROW = "1743700200000,100.5,102,100,101,6.25\n"
FIRST = Candle(1743699900000, 100.0, 101.5, 99.0, 100.5, 5.0)
SECOND = Candle(1743700200000, 100.5, 102.0, 100.0, 101.0, 6.25)


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a file and reads it as recorded candles."""

    def write_and_read(content: str | bytes, name: str = "BYBIT_BTCUSDT_5m.csv", **given):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_recorded(path, **given)

    return write_and_read


def test_exchange_symbol_and_timeframe_come_from_the_name(read):
    recorded = read(HEADER + ROW + NEXT_ROW)
    assert (recorded.exchange, recorded.symbol, recorded.timeframe) == ("BYBIT", "BTCUSDT", "5m")
    assert list(recorded.columns) == [FIRST, SECOND]


def test_a_given_symbol_and_timeframe_win_over_the_name(read):
    recorded = read(HEADER + ROW, symbol="ETH/USDT", timeframe="1m")
    assert (recorded.exchange, recorded.symbol, recorded.timeframe) == ("BYBIT", "ETH/USDT", "1m")


def test_a_symbol_may_hold_an_underscore(read):
    assert read(HEADER + ROW, "GATE_BTC_USDT_5m.csv").symbol == "BTC_USDT"


def test_a_name_that_tells_nothing_does_where_both_are_given(read):
    recorded = read(HEADER + ROW, "candles.csv", symbol="BTC/USDT", timeframe="5m")
    assert (recorded.exchange, recorded.symbol) == ("CSV", "BTC/USDT")


@pytest.mark.parametrize("given", [{}, {"symbol": "BTC/USDT"}, {"timeframe": "5m"}])
def test_a_name_that_tells_nothing_is_refused_with_what_to_give(read, given):
    with pytest.raises(ConfigError, match=r"EXCHANGE_SYMBOL_TIMEFRAME.*--symbol and --timeframe"):
        read(HEADER + ROW, "candles.csv", **given)


def test_a_timeframe_that_is_none_is_refused(read):
    with pytest.raises(ConfigError, match=r"'5x' is not a timeframe.*--timeframe"):
        read(HEADER + ROW, "BYBIT_BTCUSDT_5x.csv")


def test_a_gzipped_file_reads_like_a_plain_one(read):
    recorded = read(gzip.compress((HEADER + ROW).encode()), "BYBIT_BTCUSDT_5m.csv.gz")
    assert (recorded.symbol, list(recorded.columns)) == ("BTCUSDT", [FIRST])


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + ROW,
        (HEADER + ROW).replace("\n", "\r\n"),
        (HEADER + ROW).removesuffix("\n"),
        HEADER + "\n" + ROW + "\n\n",
        HEADER.replace(",", ", ") + ROW.replace(",", " , "),
        '"timestamp_ms","open","high","low","close","volume"\n"1743699900000",100,101.5,99,"100.5",5',
        HEADER.upper() + ROW,
        HEADER + ROW.replace("1743699900000", "1743699900000.0"),
        HEADER + ROW.replace("1743699900000", "1.7436999e12"),
    ],
    ids=["bom", "crlf", "no-newline", "blank", "spaces", "quotes", "upper", "float", "exponent"],
)
def test_ways_of_writing_that_mean_the_same_read_the_same(read, text):
    recorded = read(text)
    assert list(recorded.columns) == [FIRST]
    assert (recorded.quality.rows, recorded.quality.dropped) == (1, 0)


def test_columns_are_found_by_name_and_others_ignored(read):
    recorded = read(
        "trades,volume,close,low,high,open,timestamp_ms\nmany,5,100.5,99,101.5,100,1743699900000\n"
    )
    assert list(recorded.columns) == [FIRST]


@pytest.mark.parametrize(
    "line",
    [
        "1743700200000,100,abc,99,100.5,5",
        "1743700200000,100,,99,100.5,5",
        "1743700200000,100,1_01,99,100.5,5",
        "1743700200000,100,nan,99,100.5,5",
        "1743700200000,100,inf,99,100.5,5",
        "1743700200000,100,1e999,99,100.5,5",
        "1743700200000,100,true,99,100.5,5",
        "1743700200000,100,101.5,99,100.5",
        "1743700200000,100,101.5,99,100.5,5,5",
        "1743700200000,100",
        "nan,100,101.5,99,100.5,5",
        "-1743700200000,100,101.5,99,100.5,5",
        "1743700200000.5,100,101.5,99,100.5,5",
        "1743700200000000,100,101.5,99,100.5,5",
        "1e300,100,101.5,99,100.5,5",
        ",,,,,",
        '"',
        "\x00\x01\xff",
    ],
)
def test_s12_a_garbage_line_is_dropped_and_counted_and_the_rest_stays(read, line):
    recorded = read(HEADER + ROW + line + "\n" + "1743700500000,1,1,1,1,1\n")
    assert recorded.columns.time_ms.tolist() == [1743699900000, 1743700500000]
    assert (recorded.quality.rows, recorded.quality.dropped) == (3, 1)


def test_a_short_and_a_long_line_do_not_make_up_for_each_other(read):
    recorded = read(HEADER + ROW + "1743700200000,1,1,1,1\n1743700500000,1,1,1,1,1,1\n")
    assert (len(recorded.columns), recorded.quality.dropped) == (1, 2)


def test_a_last_line_that_was_cut_off_is_dropped(read):
    recorded = read(HEADER + ROW + NEXT_ROW[:20])
    assert (len(recorded.columns), recorded.quality.dropped) == (1, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"time,o,h,l,c,v\n1,2,3,4,5,6\n", "found 'time,o,h,l,c,v'"),
        (b"1743699900000,100,101.5,99,100.5,5\n", "found '1743699900000,100"),
        (b"timestamp_ms,open,open,high,low,close,volume\n", "expected the header"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x1b[31m", r"found '\\ufffdPNG'"),
        (b"x" * 500, "found 'x{60}…'"),
        (HEADER.encode(), "no usable candle: 0 rows read"),
        (HEADER.encode() + b"\x00\xff\n" * 9, "no usable candle: 9 rows read, 9 dropped"),
        (gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_a_file_that_holds_no_candles_is_refused_in_one_clear_line(read, content, message):
    with pytest.raises(ConfigError, match=message) as refused:
        read(content)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((HEADER + ROW).encode(), "is not gzip"),
        (gzip.compress((HEADER + ROW * 99).encode(), mtime=0)[:-12], "is cut off"),
        (gzip.compress((HEADER + ROW).encode(), mtime=0)[:-8] + b"12345678", "is damaged gzip"),
        (b"\x1f\x8b" + b"\x07" * 50, "is damaged gzip"),
        (gzip.compress((HEADER + ROW).encode(), mtime=0)[:10] + b"\xff" * 50, "is damaged gzip"),
    ],
)
def test_broken_gzip_is_refused_in_one_clear_line(read, content, message):
    with pytest.raises(ConfigError, match=message):
        read(content, "BYBIT_BTCUSDT_5m.csv.gz")


def test_a_file_that_does_not_exist_is_refused_by_its_path(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.csv does not exist"):
        read_recorded(tmp_path / "absent.csv")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is a folder"):
        read_recorded(tmp_path)


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be read \(Not a directory\)"):
        read_recorded(tmp_path / "file" / "BYBIT_BTCUSDT_5m.csv")


def test_candles_that_lie_closer_than_their_timeframe_are_refused(read):
    with pytest.raises(ConfigError, match="expected candles of 1h, found them 300 s apart"):
        read(HEADER + ROW + NEXT_ROW, timeframe="1h")


def test_times_in_seconds_are_refused(read):
    with pytest.raises(ConfigError, match="timestamps in milliseconds"):
        read(HEADER + "1743699900,1,1,1,1,1\n1743700200,1,1,1,1,1\n")


def test_the_fast_and_the_patient_path_read_a_clean_file_alike(recording):
    path = recording("KRAKEN_XBTUSDC_1m.csv.gz")
    body = gzip.decompress(path.read_bytes()).split(b"\n", 1)[1]
    plain = parse_plain(body, 6)
    assert plain is not None
    np.testing.assert_array_equal(plain, parse_dirty(body, 6))


@pytest.mark.parametrize(
    ("name", "rows", "gaps", "missing", "repaired"),
    [
        ("BYBIT_BTCUSDT_1m.csv.gz", 43_200, 0, 0, 0),
        ("BYBIT_BTCUSDT_4h.csv", 180, 0, 0, 0),
        ("FREQTRADE_UNITTESTBTC_1m.csv.gz", 13_681, 538, 717, 0),
        ("KRAKEN_XBTUSDC_1m.csv.gz", 56_717, 26_746, 72_883, 0),
        ("dirty/BINANCE_BTCUSDT_1d.csv", 365, 0, 0, 176),
    ],
)
def test_real_recordings_have_the_quality_their_manifest_says(
    recording, name, rows, gaps, missing, repaired
):
    quality = read_recorded(recording(name)).quality
    assert (quality.rows, quality.dropped, quality.resorted) == (rows, 0, 0)
    assert (quality.gaps, quality.missing, quality.repaired) == (gaps, missing, repaired)
