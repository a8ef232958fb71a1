"""What the trial plays, and what must come of it: candles, two strategies, figures worked by hand.

Three trades of 10 BTC. Slippage is 0.5 % against the trader, the fee 0.1 % of each fill:

1. Long, closed by its target. The candle at 12:05 closes above its average, so 12:06 buys at its
   open, 100 → 100.50. The target lies 3 % above, at 103.515; 12:07 reaches it, and a target slips
   not. 1,035.15 − 1,005.00 − fees of 1.005 and 1.03515 = +28.10985.
2. Short, closed by its rule. 12:08 closes below, 12:09 sells at 100 → 99.50. 12:10 closes above,
   12:11 buys at 100 → 100.50. 995.00 − 1,005.00 − fees of 0.995 and 1.005 = −12.00.
3. Long, closed by its stop. 12:11 buys at 100 → 100.50. The stop lies 2 % below, at 98.49; 12:12
   falls to 98.00 and fills at 98.49 → 97.99755. 979.9755 − 1,005.00 − fees of 1.005 and 0.9799755
   = −27.0094755.

Together −10.8996255: 10,000.00 become 9,989.1003745.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from cts_tui.model.market import Candle
from cts_tui.model.strategy import Size, SizeKind, StrategySpec
from cts_tui.model.trading import Direction, ExitReason, OrderPurpose, Side, SignalKind
from cts_tui.settings import Settings

CONNECTION: Final = "trial"
SYMBOL: Final = "BTC/USDT"
TIMEFRAME: Final = "1m"
MINUTE_MS: Final = 60_000
NOON_MS: Final = 1_743_681_600_000
"""2025-04-03T12:00:00Z."""

_PRICES: Final = (  # open, high, low, close
    *((99.0, 99.0, 99.0, 99.0),) * 5,
    (99.0, 100.0, 99.0, 100.0),
    (100.0, 102.0, 99.5, 102.0),
    (102.0, 104.0, 101.5, 103.0),
    (103.0, 103.0, 100.0, 100.0),
    (100.0, 100.5, 97.5, 98.0),
    (98.0, 100.0, 98.0, 100.0),
    (100.0, 101.0, 99.0, 99.8),
    (99.8, 100.0, 98.0, 98.2),
    (98.2, 98.2, 98.2, 98.2),
)


def at(minute: int) -> int:
    """Return the open time of the candle at 12:`minute`."""
    return NOON_MS + minute * MINUTE_MS


CANDLES: Final = tuple(Candle(at(i), *prices, 20.0) for i, prices in enumerate(_PRICES))
STORED: Final = 5
"""So many of them are history already, without indications: the backfill computes those."""

SETTINGS: Final = Settings.model_construct(
    paper_balance=Decimal(10_000),
    paper_fee_pct=Decimal("0.1"),
    paper_slippage_pct=Decimal("0.5"),
    sma_period=3,
    rsi_period=3,
    macd_fast=2,
    macd_slow=4,
    macd_signal=2,
)
"""Built without config.toml and environment: the trial is the same on every machine."""

_LONG: Final = StrategySpec(
    name="trial-long",
    entry_long="crosses_above(close, sma(3))",
    exit_long="crosses_below(close, sma(3))",
    size=Size(SizeKind.QUOTE, Decimal(1005)),
)
_SHORT: Final = StrategySpec(
    name="trial-short",
    entry_short="crosses_below(close, sma(3)) and close[1] > 102",
    exit_short="crosses_above(close, sma(3))",
    size=Size(SizeKind.QUOTE, Decimal(995)),
)
SPECS: Final = (_LONG, _SHORT)

INDICATIONS: Final = {
    at(4): {"sma(3)": 99.0, "macd(2,4,2).macd": 0.0},  # by the backfill
    at(5): {
        "sma(3)": 99.333_333,  # (99 + 99 + 100) / 3
        "rsi(3)": 100.0,  # it never fell
        "macd(2,4,2).macd": 0.266_667,  # 99 + 1 · 2/3, less 99 + 1 · 2/5
        "macd(2,4,2).signal": 0.177_778,  # 2/3 of that, for it was 0 before
        "macd(2,4,2).hist": 0.088_889,
    },
    at(8): {
        "sma(3)": 101.666_667,  # (102 + 103 + 100) / 3
        "rsi(3)": 38.167_939,  # gains of 1, 2, 1 and a fall of 3, by Wilder: 100 · 50 / 131
        "macd(2,4,2).macd": -0.075_931,  # 100.802469 − 100.8784
    },
}
"""By candle, to six decimals. Every other candle has a row as well."""


class WantedSignal(NamedTuple):
    """A signal that must have been given, and carried out."""

    time_ms: int
    strategy: str
    kind: SignalKind
    side: Direction
    price: Decimal


SIGNALS: Final = (
    WantedSignal(at(5), _LONG.name, SignalKind.ENTRY, Direction.LONG, Decimal(100)),
    WantedSignal(at(8), _SHORT.name, SignalKind.ENTRY, Direction.SHORT, Decimal(100)),
    WantedSignal(at(10), _LONG.name, SignalKind.ENTRY, Direction.LONG, Decimal(100)),
    WantedSignal(at(10), _SHORT.name, SignalKind.EXIT, Direction.SHORT, Decimal(100)),
)


class WantedFill(NamedTuple):
    """A fill, and with it an order: every order of the trial fills whole, at once."""

    time_ms: int
    strategy: str
    purpose: OrderPurpose
    side: Side
    price: Decimal
    fee: Decimal


_ENTRY, _EXIT = OrderPurpose.ENTRY, OrderPurpose.EXIT
FILLS: Final = (
    WantedFill(at(6), _LONG.name, _ENTRY, Side.BUY, Decimal("100.5"), Decimal("1.005")),
    WantedFill(at(7), _LONG.name, _EXIT, Side.SELL, Decimal("103.515"), Decimal("1.03515")),
    WantedFill(at(9), _SHORT.name, _ENTRY, Side.SELL, Decimal("99.5"), Decimal("0.995")),
    WantedFill(at(11), _LONG.name, _ENTRY, Side.BUY, Decimal("100.5"), Decimal("1.005")),
    WantedFill(at(11), _SHORT.name, _EXIT, Side.BUY, Decimal("100.5"), Decimal("1.005")),
    WantedFill(at(12), _LONG.name, _EXIT, Side.SELL, Decimal("97.99755"), Decimal("0.9799755")),
)
QUANTITY: Final = Decimal(10)
"""Of every fill and position."""


class WantedPosition(NamedTuple):
    """A position that must have opened and closed."""

    side: Direction
    entry_price: Decimal
    stop_price: Decimal
    target_price: Decimal
    exit_price: Decimal
    exit_reason: ExitReason
    pnl: Decimal


POSITIONS: Final = (
    WantedPosition(
        Direction.LONG, Decimal("100.5"), Decimal("98.49"), Decimal("103.515"),
        Decimal("103.515"), ExitReason.TAKE_PROFIT, Decimal("28.10985"),
    ),
    WantedPosition(
        Direction.SHORT, Decimal("99.5"), Decimal("101.49"), Decimal("96.515"),
        Decimal("100.5"), ExitReason.RULE, Decimal("-12"),
    ),
    WantedPosition(
        Direction.LONG, Decimal("100.5"), Decimal("98.49"), Decimal("103.515"),
        Decimal("97.99755"), ExitReason.STOP_LOSS, Decimal("-27.0094755"),
    ),
)  # fmt: skip
"""In the order in which they closed."""
BALANCE: Final = Decimal("9989.1003745")
EVENTS: Final = 6
"""Each position opened and closed."""
