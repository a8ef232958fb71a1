"""The header says what is at stake, in words, and drops no warning where it is narrow."""

from dataclasses import replace

import pytest

from cts_tui.model.live_view import LiveConnection
from cts_tui.model.trading import Mode
from cts_tui.model.views import DeskSummary
from cts_tui.tui.cells import Tone, length
from cts_tui.tui.session import EngineState
from cts_tui.tui.widgets.desk_header import HeaderFigures, header_line

from . import frozen
from .conftest import Play
from .frozen_live import TROUBLED

ONE = LiveConnection("binance-1", Mode.LIVE, is_on=True, positions=2)
TRIAL = LiveConnection("bybit-test", Mode.TESTNET, is_on=True, positions=1)


def header(summary: DeskSummary, width: int, *, is_killed: bool = False) -> str:
    cells = header_line(HeaderFigures(EngineState.RUNNING, summary, is_killed), width)
    return "".join(cell.text for cell in cells)


def live(*connections: LiveConnection) -> DeskSummary:
    return replace(frozen.SUMMARY, live=connections)


def test_it_names_what_is_live() -> None:
    assert " LIVE: binance-1 (2 positions) " in header(live(ONE), 150)
    assert " LIVE: binance-1 (2) " in header(live(ONE), 60)
    two = live(ONE, replace(ONE, name="kraken", positions=1))
    assert " LIVE: binance-1 (2 positions), kraken (1 position) " in header(two, 150)
    three = live(ONE, replace(ONE, name="b"), replace(ONE, name="c"))
    assert " LIVE: 3 connections (6 positions) " in header(three, 150)


def test_positions_that_are_left_after_live_went_off_stay_there() -> None:
    assert " LIVE: binance-1 (2 positions left) " in header(live(replace(ONE, is_on=False)), 150)


def test_testnet_has_a_word_and_a_colour_of_its_own() -> None:
    cells = header_line(HeaderFigures(EngineState.RUNNING, live(TRIAL)), 150)
    badge = next(cell for cell in cells if "TESTNET" in cell.text)
    assert badge.text == " TESTNET: bybit-test (1 position) "
    assert badge.tone is Tone.BADGE_TESTNET
    assert not any("LIVE" in cell.text for cell in cells)


def test_without_live_connections_it_says_paper() -> None:
    assert " PAPER " in header(live(), 150)


@pytest.mark.parametrize("width", [60, 70, 90, 110, 150, 200])
def test_no_warning_is_dropped_where_it_is_narrow(width: int) -> None:
    text = header(TROUBLED, width)
    for part in ("LIVE", "1 UNPROTECTED", "1 UNKNOWN"):
        assert part in text
    assert "FLATTENING" in text or "CLOSING" in text


@pytest.mark.parametrize("width", [70, 150, 220])
def test_it_fits(width: int) -> None:
    cells = header_line(HeaderFigures(EngineState.RUNNING, TROUBLED), width)
    assert length(cells) <= width + 1  # the last badge may lose its margin


def test_what_is_wrong_is_named_where_there_is_room() -> None:
    apart = live(replace(ONE, is_reconciled=False))
    assert " NOT RECONCILED: binance-1 " in header(apart, 200)
    assert " 1 UNKNOWN ORDER " in header(live(replace(ONE, unknown_orders=1)), 150)
    assert " 2 UNKNOWN ORDERS " in header(live(replace(ONE, unknown_orders=2)), 150)
    assert " KILLED " in header(live(ONE), 100, is_killed=True)


async def test_the_line_changes_its_ground_while_real_money_is_at_stake(play: Play) -> None:
    async with play() as stage:
        bar = stage.screen.header
        assert bar.has_class("-live")
        stage.desk.figures = live(TRIAL)
        await stage.until(lambda: bar.has_class("-testnet"))
        assert not bar.has_class("-live")
        stage.desk.figures = live()
        await stage.until(lambda: not bar.has_class("-testnet"))
