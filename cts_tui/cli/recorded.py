"""What the commands on recorded candles share: options, progress, and the tables of results."""

import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cts_tui.cli.tables import Signed, print_table
from cts_tui.errors import ConfigError

if TYPE_CHECKING:
    from cts_tui.backtest.series import Terms

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="Candle files, EXCHANGE_SYMBOL_TIMEFRAME.csv[.gz]."),
]
SymbolOption = Annotated[
    str | None, typer.Option("--symbol", metavar="S", help="Instead of the one in the file's name.")
]
TimeframeOption = Annotated[
    str | None,
    typer.Option("--timeframe", metavar="T", help="Instead of the one in the file's name."),
]
StrategyOption = Annotated[
    list[str] | None,
    typer.Option("--strategy", metavar="NAME", help="Repeatable; without it, all enabled ones."),
]
FeeOption = Annotated[
    str, typer.Option("--fee-pct", metavar="PCT", help="Fee of each fill in percent.")
]
SlippageOption = Annotated[
    str, typer.Option("--slippage-pct", metavar="PCT", help="Slippage in percent.")
]
BalanceOption = Annotated[
    str, typer.Option("--balance", metavar="AMOUNT", help="Starting balance, quote currency.")
]

_BAR: Final = 24


def terms_of(fee_pct: str, slippage_pct: str, balance: str) -> "Terms":
    """Return what the options say. Raises ConfigError for the first that cannot be."""
    numbers = {
        "fee_pct": _decimal("--fee-pct", fee_pct, below=Decimal(100)),
        "slippage_pct": _decimal("--slippage-pct", slippage_pct, below=Decimal(100)),
        "balance": _decimal("--balance", balance, above=Decimal(0)),
    }
    from cts_tui.backtest.series import Terms

    return Terms(**numbers)


def _decimal(
    option: str, text: str, *, below: Decimal | None = None, above: Decimal | None = None
) -> Decimal:
    """Read an option's number. Raises ConfigError when it is none, negative or out of bounds."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    is_in_bounds = number.is_finite() and number >= 0
    if is_in_bounds and (below is None or number < below) and (above is None or number > above):
        return number
    bounds = f" below {below}" * (below is not None) + f" above {above}" * (above is not None)
    raise ConfigError(f"{option} {text!r}: expected a number{bounds}, not negative")


def progress(text: str) -> None:
    """Show on a terminal what is going on, an empty text clears it; nothing in a pipe."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def progress_bar(what: str, done: int, total: int) -> None:
    """Show on a terminal how much is done."""
    full = _BAR * done // max(total, 1)
    progress(f"{what} {'█' * full}{'░' * (_BAR - full)} {done:,} of {total:,}")


RESULT_COLUMNS: Final = {
    "symbol": "SYMBOL",
    "timeframe": "CANDLES",
    "strategy": "STRATEGY",
    "candles": "COUNT",
    "trades": "TRADES",
    "win_rate_pct": "WON %",
    "profit_factor": "PROFIT FACTOR",
    "net_profit": "NET",
    "net_profit_pct": "NET %",
    "max_drawdown_pct": "MAX DRAWDOWN %",
    "exposure_pct": "EXPOSED %",
}


def print_results(results: Sequence[dict[str, Any]]) -> None:
    """Print a line for each result of the JSON document."""
    rows = [
        result
        | {
            "net_profit": Signed.money(Decimal(result["net_profit"])),
            "net_profit_pct": Signed.pct(result["net_profit_pct"]),
        }
        for result in results
    ]
    print_table(rows, RESULT_COLUMNS, "no results: no strategy is meant for these symbols")
