"""`connections show` tells what the detail on screen tells: session, feed, symbols."""

import json

from cts_tui.desk.desk import Desk

from .conftest import Cts, execute

FIGURES = {
    "session": {
        "breaker": {
            "state": "open", "since_ms": 1_743_699_900_000, "next_try_ms": 1_743_699_960_000,
            "last_error": "binance: no connection",
        },
        "limiter": {"headroom_pct": 88.5, "waiting": {"market": 3}},
        "calls": 7,
    },
    "feed": {
        "symbols": {"BTC/USDT": {"state": "dead", "age_ms": 5, "candle_age_ms": None}},
        "states": {"dead": 1},
        "refused": {"nan": 2},
    },
    "symbols": ["BTC/USDT"],
    "not_traded": {"X/USDT": "delisted"},
}  # fmt: skip


def test_show_tells_what_the_engine_says_of_session_and_feed(cts: Cts, desk: Desk) -> None:
    execute(
        desk,
        f"UPDATE engine_states SET figures = '{json.dumps(FIGURES)}' WHERE connection_id = "
        "(SELECT id FROM connections WHERE name = 'demo')",
    )
    row = cts("connections", "show", "demo", "--json").document
    session, feed = row["session"], row["feed"]
    assert (session["breaker"], session["since"]) == ("open", "2025-04-03T17:05:00Z")
    assert session["next_try"] == "2025-04-03T17:06:00Z"
    assert (session["headroom_pct"], session["waiting"], session["calls"]) == (
        88.5,
        {"market": 3},
        7,
    )
    assert (feed["states"], feed["refused"], feed["reconnects"]) == ({"dead": 1}, 2, None)
    assert feed["symbols"][0]["state"] == "dead"
    assert (row["traded"], row["not_traded"]) == (["BTC/USDT"], {"X/USDT": "delisted"})
    shown = cts("connections", "show", "demo").out
    assert "no, open since 2025-04-03 17:05:00, next try 2025-04-03 17:06:00: binance: no" in shown
    assert "1 dead" in shown


def test_show_of_a_connection_that_never_ran_knows_nothing(cts: Cts) -> None:
    row = cts("connections", "show", "kraken", "--json").document
    assert (row["session"]["calls"], row["session"]["breaker"]) == (None, "closed")
    assert (row["feed"]["symbols"], row["traded"]) == ([], [])
    assert "calls go out" not in cts("connections", "show", "kraken").out
