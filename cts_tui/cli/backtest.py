"""`cts-tui backtest`."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from cts_tui.cli.options import JsonOption, current_folder, print_json
from cts_tui.cli.recorded import (
    BalanceOption,
    FeeOption,
    FilesArgument,
    SlippageOption,
    StrategyOption,
    SymbolOption,
    TimeframeOption,
    print_results,
    progress,
    progress_bar,
    terms_of,
)
from cts_tui.cli.tables import Signed, print_facts, print_table, say, warn

if TYPE_CHECKING:
    from cts_tui.desk.backtests import Result


def backtest(
    files: FilesArgument,
    symbol: SymbolOption = None,
    timeframe: TimeframeOption = None,
    strategy: StrategyOption = None,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Always so: a backtest has no gate.")
    ] = False,
    fee_pct: FeeOption = "0.1",
    slippage_pct: SlippageOption = "0",
    balance: BalanceOption = "10000",
    trades: Annotated[
        str | None,
        typer.Option("--trades", metavar="OUT.csv", help="Write every trade to this file."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Trade strategies over recorded candles by their rules alone; nothing is stored.

    The trades are those of `replay --no-gate`, in a fraction of the time.
    """
    terms = terms_of(fee_pct, slippage_pct, balance)
    from cts_tui.desk import backtests, recordings
    from cts_tui.desk.trade_file import TradeFile

    out = TradeFile(trades, files) if trades else None
    recorded = recordings.read_files(files, symbol, timeframe)
    chosen = recordings.specs_of_folder(current_folder(), strategy or ())
    specs, skipped = recordings.without_unfit(recorded, chosen, are_named=bool(strategy))
    try:
        done = backtests.backtest_files(
            recorded, specs, terms, lambda *count: progress_bar("backtest", *count)
        )
    except KeyboardInterrupt:
        progress("")
        warn("cts-tui: interrupted; nothing was kept")
        raise
    progress("")
    for line in (*skipped, *done.notes):
        warn(f"cts-tui: {line}")
    document = done.document()
    written = out.write(document["results"]) if out else 0
    if as_json:
        print_json(document)
        return
    print_results(document["results"])
    if len(done.results) == 1:
        _print_one(done.results[0], terms.balance)
    say()
    print_facts({"data": document["data"]} | ({"trades": f"{written} in {trades}"} if out else {}))


def _print_one(result: "Result", balance: Decimal) -> None:
    """Print what there is room for when there is only one result."""
    from cts_tui.backtest.months import months

    metrics = result.metrics
    ratios = {"sharpe": metrics.sharpe, "sortino": metrics.sortino, "calmar": metrics.calmar}
    say()
    print_facts(
        {
            "average win": Signed.money(metrics.avg_win),
            "average loss": Signed.money(metrics.avg_loss),
            "expectancy": f"{Signed.money(metrics.expectancy)} a trade",
            "longest losing run": f"{metrics.longest_losing_run} trades",
            "fees paid": f"{metrics.fees:.2f}",
        }
        | ratios
    )
    rows = [
        {
            "month": month.name,
            "trades": month.trades,
            "profit": Signed.money(Decimal(str(month.profit))),
            "return": Signed.pct(month.return_pct),
        }
        for month in months(result.trades, result.candles, float(balance))
    ]
    columns = {"month": "MONTH", "trades": "TRADES", "profit": "NET", "return": "NET %"}
    say()
    print_table(rows, columns, "no months")
