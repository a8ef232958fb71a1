"""`cts-tui replay`."""

from typing import Annotated, Any

import typer

from cts_tui.cli.options import JsonOption, current_folder, open_desk, print_json
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
    terms_of,
)
from cts_tui.cli.tables import print_facts, say, warn


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
    terms = terms_of(fee_pct, slippage_pct, balance)
    from cts_tui.desk import recordings, replays
    from cts_tui.desk.log_file import log_to

    recorded = replays.distinct(recordings.read_files(files, symbol, timeframe))
    with open_desk() as desk:
        chosen = recordings.chosen_strategies(desk, strategy or ())
        specs, skipped = recordings.without_unfit(recorded, chosen, are_named=bool(strategy))
        for line in skipped:
            warn(f"cts-tui: {line}")
        log_to(current_folder().log)
        try:
            document = replays.replay(
                desk,
                recorded,
                specs,
                terms,
                is_gated=not no_gate,
                on_file=lambda file: progress(
                    f"replaying {file.exchange} {file.symbol} {file.timeframe} ..."
                ),
            )
        except KeyboardInterrupt:
            warn("cts-tui: interrupted; of the series at hand nothing is kept")
            raise
        progress("")
    if as_json:
        print_json(document)
    else:
        print_results(document["results"])
        _print_pipeline(document)


def _print_pipeline(document: dict[str, Any]) -> None:
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
