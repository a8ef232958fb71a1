"""`cts-tui replay`."""

import sys
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, current_folder, open_desk, print_json
from cts_tui.cli.tables import Signed, print_facts, print_table, say, warn
from cts_tui.errors import ConfigError

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
    """Run recorded candles through the whole pipeline: every processor, paper venue, store.

    What it did stays in the store, under the connection replay-EXCHANGE-SYMBOL-TIMEFRAME, until
    the same candles are replayed again.
    """
    money = {
        "fee_pct": _decimal("--fee-pct", fee_pct, below=Decimal(100)),
        "slippage_pct": _decimal("--slippage-pct", slippage_pct, below=Decimal(100)),
        "balance": _decimal("--balance", balance, above=Decimal(0)),
    }
    from cts_tui.desk import replays
    from cts_tui.desk.log_file import log_to

    recorded = replays.read_files(files, symbol, timeframe)
    with open_desk() as desk:
        specs = replays.chosen_strategies(desk, strategy or ())
        log_to(current_folder().log)
        try:
            document = replays.replay(
                desk,
                recorded,
                specs,
                is_gated=not no_gate,
                on_file=lambda file: _progress(
                    f"replaying {file.exchange} {file.symbol} {file.timeframe} ..."
                ),
                **money,
            )
        except KeyboardInterrupt:
            warn("cts-tui: interrupted; of the series at hand nothing is kept")
            raise
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
    rows = [
        result
        | {
            "net_profit": Signed.money(Decimal(result["net_profit"])),
            "net_profit_pct": Signed.pct(result["net_profit_pct"]),
        }
        for result in document["results"]
    ]
    print_table(rows, columns, "no results: no strategy is meant for these symbols")
    pipeline = dict(document["pipeline"])
    timings = pipeline.pop("timings")
    say()
    print_facts(
        {
            "data": document["data"],
            "pipeline": pipeline,
            "time in ms": {stage: round(spent) for stage, spent in timings.items()},
        }
    )
    if pipeline["errors"]:
        warn(f"cts-tui: {pipeline['errors']} cycles failed; see the log")
