"""A connection in full: what engines write is read whatever is missing of it."""

from typing import Any

import pytest

from cts_tui.desk.desk import Desk
from cts_tui.errors import ConfigError
from cts_tui.exchange.breaker import Breaker
from cts_tui.exchange.limiter import Limiter
from cts_tui.model.connection_view import (
    BreakerView,
    FeedFigures,
    LimiterView,
    SessionFigures,
    SymbolFeed,
    is_template,
)
from cts_tui.store.engine_figures import feed_of, session_of

from .conftest import Hand

FEED = {
    "states": {"dead": 1, "stream": 80},
    "symbols": {
        "ETH/USDT": {"state": "stream", "age_ms": 200, "candle_age_ms": 1_000},
        "BTC/USDT": {"state": "dead", "age_ms": None, "note": "halted"},
    },
    "reconnects": 2,
    "stalls": 1,
    "gaps_filled": 3,
    "missing": 0,
    "refused": {"zero": 2, "nan": 1},
    "last_error": "timed out",
}


@pytest.mark.parametrize(
    "figures",
    [
        None, {}, [], "x", {"session": None, "feed": None}, {"session": [], "feed": 3},
        {"session": {"breaker": None, "limiter": "x", "calls": "many"}, "feed": {"symbols": []}},
        {"symbols": None, "not_traded": None, "renewal_error": None},
    ],
)  # fmt: skip
def test_figures_that_are_missing_or_of_another_kind_are_unknown(figures: Any) -> None:
    assert session_of(figures) == SessionFigures()
    assert feed_of(figures) == FeedFigures()


def test_a_session_is_read_as_its_parts_write_it() -> None:
    breaker, limiter = Breaker(lambda: 1), Limiter(interval_ms=50.0, share=0.5)
    written = {
        "breaker": breaker.figures() | {"state": "half_open", "since_ms": 5, "next_try_ms": 9},
        "limiter": limiter.figures() | {"throttled_s": 4.5},
        "clock_offset_ms": -12,
        "calls": 7,
        "errors": 1,
        "last_error": "timed out",
    }
    session = session_of({"session": written})
    assert session.breaker == BreakerView("half-open", 5, 9, "timed out")
    assert session.limiter == LimiterView(100.0, (), (), 4.5, 50.0)
    assert (session.clock_offset_ms, session.calls, session.errors) == (-12, 7, 1)


def test_a_feed_is_read_with_ages_as_of_now() -> None:
    feed = feed_of({"feed": FEED}, silent_ms=300)
    assert feed.symbols == (
        SymbolFeed("BTC/USDT", "dead", None, None, "halted"),
        SymbolFeed("ETH/USDT", "stream", 500, 1_300),
    )
    assert feed.states == (("dead", 1), ("stream", 80))
    counts = (feed.reconnects, feed.stalls, feed.gaps_filled, feed.missing, feed.refused)
    assert counts == (2, 1, 3, 0, 3)


def test_a_detail_has_what_the_engine_of_the_connection_wrote(desk: Desk, hand: Hand) -> None:
    figures = {
        "feed": FEED,
        "session": {"calls": 3},
        "symbols": ["ETH/USDT"],
        "not_traded": {"X/USDT": "delisted"},
        "renewal_error": "timed out",
    }
    hand.engine(figures=figures, age_ms=1_000)
    detail = desk.connections.detail("demo")
    assert detail.feed.symbols[1].age_ms == 1_200
    assert detail.session.calls == 3
    assert detail.universe == ("ETH/USDT",)
    assert detail.not_traded == (("X/USDT", "delisted"),)
    assert detail.filter_error == "timed out"
    assert desk.connections.detail("kraken").session == SessionFigures()


def test_details_tell_which_keys_an_overlay_changes_and_not_their_values(desk: Desk) -> None:
    desk.connections.edit("kraken", ccxt_config={"httpsProxy": "http://me:pw@proxy"})
    detail = desk.connections.detail("kraken")
    assert detail.overlay == ("httpsProxy",)
    assert "pw" not in repr(detail)


def test_details_leave_replays_out_unless_one_is_named(desk: Desk, hand: Hand) -> None:
    hand.recorded()
    assert "replay-x" not in [detail.view.name for detail in desk.connections.details()]
    assert desk.connections.detail("replay-x").view.name == "replay-x"
    with pytest.raises(ConfigError, match="there is no connection called"):
        desk.connections.detail("nowhere")


def test_what_came_with_the_desk_is_a_template_until_it_is_used(desk: Desk) -> None:
    assert is_template(desk.connections.get("kraken"))
    assert not is_template(desk.connections.get("demo"))
    desk.connections.enable("kraken")
    assert not is_template(desk.connections.get("kraken"))
    desk.connections.edit("okx", timeframe="1h")
    assert not is_template(desk.connections.get("okx"))
