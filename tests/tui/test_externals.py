"""Screen 3 shows what is not the desk's own; it is adopted after a question, ignored at once."""

from cts_tui.tui.screens.positions import PositionsScreen
from cts_tui.tui.widgets.confirm_modal import ConfirmModal

from .conftest import Play, make_stage
from .fake_externals import ORDER, POSITION


def hint(screen: object) -> str:
    assert isinstance(screen, PositionsScreen)
    return str(screen.table_shown.border_title or "")


async def test_the_open_positions_say_that_there_is_more_on_the_accounts(play: Play) -> None:
    stage = make_stage()
    stage.desk.externals.rows = [POSITION, ORDER]
    async with play(stage):
        await stage.go("3")
        assert hint(stage.screen) == "Open positions 3, x: 2 not the desk's own"
        await stage.press("x")
        await stage.until(lambda: len(stage.table.rows) == 2)
        assert hint(stage.screen) == "Not the desk's own 2, a adopts, i ignores"
        await stage.press("t")
        await stage.until(lambda: "x: 2 not" in hint(stage.screen))


async def test_adopting_asks_with_connection_symbol_and_amount(play: Play) -> None:
    stage = make_stage()
    stage.desk.externals.rows = [POSITION, ORDER]
    async with play(stage):
        await stage.go("3")
        await stage.press("x")
        await stage.until(lambda: stage.table.rows)
        await stage.press("a")
        assert isinstance(stage.app.screen, ConfirmModal)
        text = stage.app.screen.question.text
        for part in ("kraken-main", "ETH/USD", "SHORT", "2.5", "own money", "stop"):
            assert part in text
        await stage.press("n")
        assert ("adopt", POSITION.id) not in stage.desk.calls
        await stage.press("a", "y")
        await stage.told("adopting position ETH/USD on kraken-main")
        assert ("adopt", POSITION.id) in stage.desk.calls
        await stage.press("j", "i")
        await stage.told("ignoring order BTC/USD on kraken-main")
        assert ("ignore", ORDER.id) in stage.desk.calls


async def test_a_position_of_the_desk_is_neither_adopted_nor_ignored(play: Play) -> None:
    async with play() as stage:
        await stage.go("3")
        await stage.press("a")
        await stage.told("x shows it")
        await stage.press("i")
        assert not [call for call in stage.desk.calls if call[0] in ("adopt", "ignore")]


async def test_enter_shows_everything_about_an_external(play: Play) -> None:
    stage = make_stage()
    stage.desk.externals.rows = [ORDER]
    async with play(stage):
        await stage.go("3")
        await stage.press("x")
        await stage.until(lambda: stage.table.rows)
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is not stage.screen)
        await stage.press("escape")
