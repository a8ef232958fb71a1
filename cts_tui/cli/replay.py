"""`cts-tui replay`."""

import sys
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, open_desk, print_json, print_table, say, warn
from cts_tui.errors import ConfigError

FilesArgument = Annotated[
    list[str], typer.Argument(help="Candle files, EXCHANGE_SYMBOL_TIMEFRAME.csv[.gz].")
]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Instead of the file's.")]
TimeframeOption = Annotated[str | None, typer.Option("--timeframe", help="Instead of the file's.")]
StrategyOption = Annotated[
    list[str] | None, typer.Option("--strategy", help="Repeatable; default: all enabled.")
]
FeeOption = Annotated[str, typer.Option("--fee-pct", help="Fee per fill in percent.")]
SlippageOption = Annotated[str, typer.Option("--slippage-pct", help="Slippage in percent.")]
BalanceOption = Annotated[str, typer.Option("--balance", help="Starting balance, quote currency.")]


def replay(
    files: FilesArgument,
    symbol: SymbolOption = None,
    timeframe: TimeframeOption = None,
    strategy: StrategyOption = None,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Trade whatever the profit factor says.")
    ] = False,
    fee_pct: FeeOption = "0.1",
    slippage_pct: SlippageOption = "0",
    balance: BalanceOption = "10000",
    as_json: JsonOption = False,
) -> None:
    """Run recorded candles through the whole pipeline: every processor, paper venue, store."""
    money = {
        "fee_pct": _decimal("--fee-pct", fee_pct, below=Decimal(100)),
        "slippage_pct": _decimal("--slippage-pct", slippage_pct, below=Decimal(100)),
        "balance": _decimal("--balance", balance, above=Decimal(0)),
    }
    from cts_tui.desk import replays

    recorded = replays.read_files(files, symbol, timeframe)
    with open_desk() as desk:
        specs = replays.chosen_strategies(desk, strategy or ())
        document = replays.replay(
            desk,
            recorded,
            specs,
            is_gated=not no_gate,
            on_file=lambda file: _progress(f"replaying {file.exchange} {file.symbol} …"),
            **money,
        )
    _progress("")
    if as_json:
        print_json(document)
    else:
        _print_results(document)


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


def _progress(text: str) -> None:
    """Show on a terminal what is going on; nothing in a pipe."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _print_results(document: dict[str, Any]) -> None:
    columns = {
        "symbol": "SYMBOL",
        "timeframe": "TF",
        "strategy": "STRATEGY",
        "candles": "CANDLES",
        "trades": "TRADES",
        "win_rate_pct": "WIN %",
        "profit_factor": "PF",
        "net_profit": "NET",
        "net_profit_pct": "NET %",
        "max_drawdown_pct": "MAX DD %",
        "exposure_pct": "EXPOSED %",
    }
    rows = [
        result | {"net_profit": round(Decimal(result["net_profit"]), 2)}
        for result in document["results"]
    ]
    print_table(rows, columns, "no results")
    quality = document["data"]
    say()
    say("data      " + "  ".join(f"{key} {value}" for key, value in quality.items()))
    pipeline = dict(document["pipeline"])
    timings = pipeline.pop("timings")
    say("pipeline  " + "  ".join(f"{key} {value}" for key, value in pipeline.items()))
    say("ms        " + "  ".join(f"{key} {value:.0f}" for key, value in timings.items()))
    if pipeline["errors"]:
        warn(f"cts-tui: {pipeline['errors']} cycles failed; see the log")
