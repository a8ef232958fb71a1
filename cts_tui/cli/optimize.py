"""`cts-tui optimize`."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, current_folder, print_json
from cts_tui.cli.recorded import (
    BalanceOption,
    FeeOption,
    FilesArgument,
    SlippageOption,
    SymbolOption,
    TimeframeOption,
    progress,
    progress_bar,
    terms_of,
)
from cts_tui.cli.tables import Signed, cell, print_facts, print_table, say, warn
from cts_tui.model.search import By

if TYPE_CHECKING:
    from cts_tui.backtest.grid import Grid

INTERRUPTED = 130


NameOption = Annotated[str, typer.Option("--strategy", metavar="NAME", help="What to search.")]
ParamOption = Annotated[
    list[str],
    typer.Option("--param", metavar="P=VALUES", help="sma.0=5..50:5; repeatable."),
]
FoldsOption = Annotated[
    int, typer.Option("--folds", min=1, max=100, metavar="N", help="Tests on new candles.")
]
ByOption = Annotated[By, typer.Option("--by", help="What the best has most of, in sample.")]
MinTradesOption = Annotated[
    int, typer.Option("--min-trades", min=1, metavar="N", help="Fewer in sample: not chosen.")
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=256, metavar="N", help="Processes; default: one a core."),
]


def optimize(
    files: FilesArgument,
    strategy: NameOption,
    param: ParamOption,
    symbol: SymbolOption = None,
    timeframe: TimeframeOption = None,
    folds: FoldsOption = 4,
    by: ByOption = By.PROFIT_FACTOR,
    min_trades: MinTradesOption = 10,
    jobs: JobsOption = None,
    fee_pct: FeeOption = "0.1",
    slippage_pct: SlippageOption = "0",
    balance: BalanceOption = "10000",
    as_json: JsonOption = False,
) -> None:
    """Search parameters walk-forward: choose on the past, test on the candles that follow.

    Where the tests fall far behind the training, the parameters fit the past alone. Ctrl-C ends
    the search; what was tried by then is shown.
    """
    terms = terms_of(fee_pct, slippage_pct, balance)
    from cts_tui.backtest.grid import grid
    from cts_tui.backtest.search_report import search_document
    from cts_tui.desk import optimizing, recordings

    recorded = recordings.read_files(files, symbol, timeframe)
    [spec] = recordings.specs_of_folder(current_folder(), [strategy])
    whole = grid(spec, param)
    searches = optimizing.searches(recorded, whole, terms, folds)
    try:
        found = optimizing.optimize(
            searches,
            jobs or optimizing.cores(),
            lambda *count: progress_bar("optimize", *count),
        )
    finally:
        progress("")
    document = search_document(
        recordings.quality_sum(recorded), searches, found.scores, by, min_trades
    )
    if as_json:
        print_json(document)
    else:
        _print_search(document, whole)
    if not found.is_complete:
        done = sum(map(len, found.scores))
        warn(f"cts-tui: interrupted after {done:,} of {len(searches) * len(whole):,} combinations")
        raise typer.Exit(INTERRUPTED)


def _print_search(document: dict[str, Any], grid: "Grid") -> None:
    from cts_tui.backtest.grid import places

    known = places(grid.spec)
    for parameter in grid.parameters:
        name = parameter.name
        of = f" of {known.get(name, known.get(name.replace('#1.', '.')))}" * parameter.is_in_rules
        say(f"{name}{of}: {cell(parameter.values)}")
    for result in document["results"]:
        say()
        _print_result(result)


def _print_result(result: dict[str, Any]) -> None:
    """Print what each fold chose, in sample beside out of sample, and what that amounts to."""
    say(
        f"{result['symbol']} {result['timeframe']}, {result['candles']} candles, "
        f"{result['tried']:,} of {result['combinations']:,} combinations"
    )
    columns = {"fold": "FOLD", "from": "TESTED FROM", "parameters": "CHOSEN"} | {
        f"{when}_{key}": f"{heading} {when.upper()}"
        for key, heading in _COMPARED.items()
        for when in ("in", "out")
    }
    print_table([_fold_row(fold) for fold in result["folds"]], columns, "no folds")
    tested, best = result["out_of_sample"], result["best"]
    efficiency = result["efficiency"]
    say()
    print_facts(
        {
            "all tests": f"{tested['trades']} trades, profit factor "
            f"{cell(tested['profit_factor'])}, net {Signed.money(Decimal(tested['net_profit']))}",
            "efficiency": "none: no profit in sample"
            if efficiency is None
            else f"{efficiency:.2f} of the profit per candle in sample",
            "best over all": "none" if best is None else _chosen(best["parameters"]),
        }
    )


_COMPARED = {"trades": "TRADES", "profit_factor": "FACTOR", "net_profit": "NET"}


def _fold_row(fold: dict[str, Any]) -> dict[str, Any]:
    row = {
        "fold": fold["fold"],
        "from": fold["test_start"][:10],
        "parameters": _chosen(fold["parameters"]),
    }
    for when, name in (("in", "in_sample"), ("out", "out_of_sample")):
        figures = fold[name] or dict.fromkeys(_COMPARED)
        net = figures["net_profit"]
        row |= {f"{when}_{key}": figures[key] for key in _COMPARED}
        row[f"{when}_net_profit"] = None if net is None else Signed.money(Decimal(net))
    return row


def _chosen(parameters: dict[str, float] | None) -> str:
    if parameters is None:
        return "none: too few trades"
    return " ".join(f"{name}={value:g}" for name, value in parameters.items())
