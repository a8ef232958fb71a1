"""The one registry of what a key can do: bindings, footer, help and palette all come from it.

An action is remapped by its id: `CtsApp(keymap={"table.down": "n,down"})`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType

from cts_tui.tui.key_names import key_name


class Where(StrEnum):
    """Where an action can be used; the value is its heading on the help screen."""

    EVERYWHERE = "Everywhere"
    SCREEN = "On every screen"
    DASHBOARD = "Dashboard"
    CONNECTIONS = "Connections"
    POSITIONS = "Positions"
    STRATEGIES = "Strategies"
    MARKET = "Market"
    JOURNAL = "Journal"
    HEALTH = "Health"
    LOG = "Log"
    TABLE = "In a table"
    CHART = "In a chart"
    EDITOR = "In the strategy editor"
    REPORT = "In a backtest report"
    CONNECTION = "In the detail of a connection"
    FORM = "In a connection's form"
    CHOICE = "On a choice"
    TEST = "In a test"
    LIMITS = "In the risk limits"
    DIALOG = "In a dialog"


@dataclass(frozen=True, slots=True)
class Action:
    """Something the trader can do with a key."""

    id: str
    key: str
    """Default keys, separated by commas."""
    description: str
    """One or two words for the footer."""
    where: Where
    call: str
    """The Textual action that does it."""
    help: str
    """One sentence for the help screen and the palette."""
    in_footer: bool = False
    in_palette: bool = True


_W = Where

# A table reads best as one.
# fmt: off
ACTIONS: tuple[Action, ...] = (
    Action("go.dashboard", "1", "Dashboard", _W.EVERYWHERE, "app.go('dashboard')",
           "Show the desk at a glance: figures, open positions, signals, events."),
    Action("go.connections", "2", "Connections", _W.EVERYWHERE, "app.go('connections')",
           "Show the connections: enable them, arm live trading, see what their engines say."),
    Action("go.positions", "3", "Positions", _W.EVERYWHERE, "app.go('positions')",
           "Show the positions, open or closed, and close them."),
    Action("go.signals", "4", "Signals", _W.EVERYWHERE, "app.go('signals')",
           "Show the signals and what became of them."),
    Action("go.strategies", "5", "Strategies", _W.EVERYWHERE, "app.go('strategies')",
           "Show the strategies: where each may trade and why, and edit them."),
    Action("go.market", "6", "Market", _W.EVERYWHERE, "app.go('market')",
           "Show a symbol as a chart: candles, indicators, entries and exits."),
    Action("go.journal", "7", "Journal", _W.EVERYWHERE, "app.go('journal')",
           "Show what was ordered, filled and earned: by day, strategy and symbol; export it."),
    Action("go.health", "8", "Health", _W.EVERYWHERE, "app.go('health')",
           "Show the health of everything: verdict, key figures, processors, feeds."),
    Action("go.log", "9", "Log", _W.EVERYWHERE, "app.go('log')",
           "Show the log as it is written: by level, by text, each entry whole."),
    Action("kill", "K", "Kill", _W.EVERYWHERE, "app.kill_switch",
           "Stop every new entry on every connection, or allow entries again; asks first.",
           in_footer=True),
    Action("flatten", "F", "Flatten", _W.EVERYWHERE, "app.flatten",
           "Close everything of the connection under the cursor, or of all; asks for the name.",
           in_footer=True),
    Action("engine.start", "R", "Start engine", _W.EVERYWHERE, "app.start_engine",
           "Start the engine again after it stopped or failed.", in_footer=True),
    Action("theme", "ctrl+t", "Theme", _W.EVERYWHERE, "app.change_theme",
           "Choose the colours."),
    Action("palette", "ctrl+p", "Palette", _W.EVERYWHERE, "app.command_palette",
           "Search everything that can be done here.", in_palette=False),
    Action("help", "question_mark,f1", "Help", _W.EVERYWHERE, "app.help",
           "Show this list of keys.", in_footer=True),
    Action("quit", "q,ctrl+q", "Quit", _W.EVERYWHERE, "app.quit",
           "Stop the engine in order and leave; an engine of another process goes on.",
           in_footer=True),
    Action("filter", "slash", "Filter", _W.SCREEN, "screen.filter",
           "Show only the rows that contain a text; enter keeps it, esc clears it.",
           in_footer=True),
    Action("refresh", "r", "Refresh", _W.SCREEN, "screen.refresh_now",
           "Read everything on the screen anew, at once."),
    Action("back", "escape", "Back", _W.SCREEN, "screen.back",
           "Close a dialog, clear a filter, or go back to the dashboard.", in_palette=False),
    Action("connections.toggle", "e", "En/disable", _W.CONNECTIONS, "screen.toggle_connection",
           "Enable the connection under the cursor, or disable it; disabling ends live trading.",
           in_footer=True),
    Action("connections.live", "L", "Live on/off", _W.CONNECTIONS, "screen.toggle_live",
           "Arm live trading after its gates and the typed name, or end it at once.",
           in_footer=True),
    Action("connections.limits", "l", "Limits", _W.CONNECTIONS, "screen.show_limits",
           "Show the risk limits of the connection, what is used of them, and halts; change them.",
           in_footer=True),
    Action("connections.test", "t", "Test", _W.CONNECTIONS, "screen.test_connection",
           "Test the connection under the cursor, step by step; the result is kept.",
           in_footer=True),
    Action("connections.add", "a", "Add", _W.CONNECTIONS, "screen.add_connection",
           "Connect an exchange: choose it, fill in a form, test it, save it disabled.",
           in_footer=True),
    Action("connections.edit", "E", "Edit", _W.CONNECTIONS, "screen.edit_connection",
           "Change the connection under the cursor, or enter its credentials anew.",
           in_footer=True),
    Action("connections.remove", "x", "Remove", _W.CONNECTIONS, "screen.remove_connection",
           "Remove the connection under the cursor with all it has recorded; asks first.",
           in_footer=True),
    Action("dashboard.close", "c", "Close", _W.DASHBOARD, "screen.close_position",
           "Close the open position under the cursor at the market; asks first.", in_footer=True),
    Action("dashboard.live", "L", "Live on/off", _W.DASHBOARD, "screen.toggle_live",
           "End live trading of the connection under the cursor at once, or show its gates."),
    Action("positions.close", "c", "Close", _W.POSITIONS, "screen.close_position",
           "Close the open position under the cursor at the market; asks first.", in_footer=True),
    Action("positions.toggle", "t", "Open/closed", _W.POSITIONS, "screen.toggle_closed",
           "Show the closed positions, or the open ones again.", in_footer=True),
    Action("positions.orders", "o", "Orders", _W.POSITIONS, "screen.show_orders",
           "Show the orders of the position under the cursor: purpose, status, answer, fills.",
           in_footer=True),
    Action("positions.externals", "x", "Not ours", _W.POSITIONS, "screen.toggle_externals",
           "Show orders and positions on the accounts that are not the desk's own.",
           in_footer=True),
    Action("positions.adopt", "a", "Adopt", _W.POSITIONS, "screen.adopt_external",
           "Take over what is not the desk's own under the cursor, and protect it; asks first."),
    Action("positions.ignore", "i", "Ignore", _W.POSITIONS, "screen.ignore_external",
           "Leave what is not the desk's own under the cursor alone, and list it no more."),
    Action("strategies.toggle", "e", "En/disable", _W.STRATEGIES, "screen.toggle_strategy",
           "Enable the strategy under the cursor, or disable it; positions keep their levels.",
           in_footer=True),
    Action("strategies.edit", "o", "Edit", _W.STRATEGIES, "screen.edit_strategy",
           "Open the strategy under the cursor in the editor, as enter does.", in_footer=True),
    Action("strategies.backtest", "b", "Backtest", _W.STRATEGIES, "screen.backtest_strategy",
           "Backtest the strategy under the cursor on stored candles.", in_footer=True),
    Action("strategies.new", "n", "New", _W.STRATEGIES, "screen.new_strategy",
           "Write a strategy: it is checked as you type, and added disabled.", in_footer=True),
    Action("strategies.duplicate", "d", "Duplicate", _W.STRATEGIES, "screen.duplicate_strategy",
           "Copy the strategy under the cursor; asks for a name.", in_footer=True),
    Action("strategies.remove", "x", "Remove", _W.STRATEGIES, "screen.remove_strategy",
           "Remove the strategy under the cursor, if it is your own; asks first.",
           in_footer=True),
    Action("market.pick", "o,enter", "Symbols", _W.MARKET, "screen.pick_symbol",
           "Choose the symbol from a list; type to narrow it.", in_footer=True),
    Action("market.next", "right_square_bracket", "Next symbol", _W.MARKET,
           "screen.next_symbol(1)", "Show the next symbol."),
    Action("market.previous", "left_square_bracket", "Previous symbol", _W.MARKET,
           "screen.next_symbol(-1)", "Show the previous symbol."),
    Action("market.coarser", "full_stop", "Coarser", _W.MARKET, "screen.next_timeframe(1)",
           "Show candles of the next longer timeframe.", in_footer=True),
    Action("market.finer", "comma", "Finer", _W.MARKET, "screen.next_timeframe(-1)",
           "Show candles of the next shorter timeframe.", in_footer=True),
    Action("market.panes", "i", "Panes", _W.MARKET, "screen.next_pane",
           "Show another indicator below the candles, all that fit, or none.", in_footer=True),
    Action("journal.list", "t", "Trades/orders/fills", _W.JOURNAL, "screen.next_list",
           "Show the closed trades, the orders or the fills.", in_footer=True),
    Action("journal.profit", "p", "PnL by", _W.JOURNAL, "screen.next_profit",
           "Add the PnL up by day, by strategy or by symbol; enter shows the trades of a row.",
           in_footer=True),
    Action("journal.export", "x", "Export", _W.JOURNAL, "screen.export",
           "Write the whole list that is shown into a CSV file in the data folder.",
           in_footer=True),
    Action("journal.older", "m", "Older", _W.JOURNAL, "screen.older",
           "Read older rows too."),
    Action("health.workflow", "t", "Test workflow", _W.HEALTH, "screen.test_workflow",
           "Test everything from the database to a trade, stage by stage; nothing is ordered.",
           in_footer=True),
    Action("log.level", "l", "Level", _W.LOG, "screen.next_level",
           "Show lines of every level, warnings and graver, or errors only.", in_footer=True),
    Action("log.pause", "p", "Pause", _W.LOG, "screen.pause",
           "Stop following the log, or follow it again from there.", in_footer=True),
    Action("table.down", "j,down", "Down", _W.TABLE, "move(1)",
           "Next row.", in_palette=False),
    Action("table.up", "k,up", "Up", _W.TABLE, "move(-1)",
           "Previous row.", in_palette=False),
    Action("table.page_down", "pagedown,ctrl+d", "Page down", _W.TABLE, "page(1)",
           "One page down.", in_palette=False),
    Action("table.page_up", "pageup,ctrl+u", "Page up", _W.TABLE, "page(-1)",
           "One page up.", in_palette=False),
    Action("table.first", "g,home", "First", _W.TABLE, "first",
           "First row.", in_palette=False),
    Action("table.last", "G,end", "Last", _W.TABLE, "last",
           "Last row.", in_palette=False),
    Action("table.detail", "enter", "Detail", _W.TABLE, "select",
           "Show everything about the row under the cursor.", in_footer=True, in_palette=False),
    Action("table.sort", "s", "Sort", _W.TABLE, "sort",
           "Sort by the next column; after the last one, the rows come as they were.",
           in_footer=True, in_palette=False),
    Action("table.reverse", "S", "Reverse", _W.TABLE, "reverse",
           "Sort the other way round.", in_palette=False),
    Action("chart.left", "left,h", "Left", _W.CHART, "cursor(-1)",
           "Move the cursor to the candle before; the line above tells its values.",
           in_palette=False),
    Action("chart.right", "right,l", "Right", _W.CHART, "cursor(1)",
           "Move the cursor to the next candle.", in_palette=False),
    Action("chart.back", "shift+left,pageup", "Pan left", _W.CHART, "pan(-1)",
           "Look further into the past.", in_palette=False),
    Action("chart.forth", "shift+right,pagedown", "Pan right", _W.CHART, "pan(1)",
           "Look nearer to the present.", in_palette=False),
    Action("chart.first", "home,g", "Oldest", _W.CHART, "oldest",
           "Put the cursor on the oldest candle.", in_palette=False),
    Action("chart.follow", "end,G", "Follow", _W.CHART, "follow",
           "Drop the cursor and follow the newest candle.", in_palette=False),
    Action("chart.wider", "plus,equals_sign", "Zoom in", _W.CHART, "zoom(1)",
           "Make the candles wider.", in_footer=True, in_palette=False),
    Action("chart.narrower", "minus", "Zoom out", _W.CHART, "zoom(-1)",
           "Make the candles narrower: more of them fit.", in_footer=True, in_palette=False),
    Action("editor.save", "ctrl+s", "Save", _W.EDITOR, "save",
           "Save the strategy; refused while something is wrong with it.", in_palette=False),
    Action("editor.next_fault", "f8", "Next fault", _W.EDITOR, "next_fault",
           "Put the cursor on the next fault.", in_palette=False),
    Action("report.page", "t", "Page", _W.REPORT, "next_page",
           "Show curves, trades or months; where all are seen, move the keys.", in_palette=False),
    Action("report.next", "right_square_bracket", "Next series", _W.REPORT, "next_series(1)",
           "Backtest on the next stored series.", in_palette=False),
    Action("report.previous", "left_square_bracket", "Previous series", _W.REPORT,
           "next_series(-1)", "Backtest on the previous stored series.", in_palette=False),
    Action("connection.test", "t", "Test", _W.CONNECTION, "test_connection",
           "Test the connection, step by step; the result is kept.", in_palette=False),
    Action("connection.toggle", "e", "En/disable", _W.CONNECTION, "toggle_connection",
           "Enable the connection, or disable it; disabling ends live trading.",
           in_palette=False),
    Action("connection.edit", "E", "Edit", _W.CONNECTION, "edit_connection",
           "Change the connection, or enter its credentials anew.", in_palette=False),
    Action("form.save", "ctrl+s", "Save", _W.FORM, "save",
           "Save the connection; a new one is disabled. Refused while something is wrong.",
           in_palette=False),
    Action("form.test", "f5", "Test", _W.FORM, "test",
           "Test what the form says before it is saved.", in_palette=False),
    Action("form.next_fault", "f8", "Next fault", _W.FORM, "next_fault",
           "Go to the next field that has a fault.", in_palette=False),
    Action("choice.next", "right,space,l", "Next", _W.CHOICE, "next_option(1)",
           "Choose the option to the right.", in_palette=False),
    Action("choice.previous", "left,h", "Previous", _W.CHOICE, "next_option(-1)",
           "Choose the option to the left.", in_palette=False),
    Action("test.again", "t", "Test again", _W.TEST, "again",
           "Run the test once more.", in_palette=False),
    Action("limits.reset", "z", "Begin anew", _W.LIMITS, "reset",
           "End a halt by a loss limit: losses count from now on; asks first.",
           in_palette=False),
    Action("dialog.confirm", "y", "Yes", _W.DIALOG, "confirm",
           "Do what the dialog asks.", in_palette=False),
    Action("dialog.cancel", "escape,n", "No", _W.DIALOG, "cancel",
           "Leave the dialog; nothing happens.", in_palette=False),
)
# fmt: on


def bindings_for(where: Where) -> list[BindingType]:
    """Return the bindings of all actions that can be used `where`."""
    return [binding_of(action) for action in ACTIONS if action.where is where]


def binding_of(action: Action) -> Binding:
    """Return the binding of one action; its id lets the trader remap it."""
    return Binding(
        action.key,
        action.call,
        action.description,
        show=action.in_footer,
        id=action.id,
        tooltip=action.help,
    )


def actions_for(where: Where) -> list[Action]:
    """Return all actions that can be used `where`, in the order of the registry."""
    return [action for action in ACTIONS if action.where is where]


def keys_text(action: Action, keymap: Mapping[str, str]) -> str:
    """Return the keys of an action as the trader knows them: `? f1`."""
    return " ".join(key_name(key) for key in keymap.get(action.id, action.key).split(","))


def unknown_actions(keymap: Mapping[str, str]) -> list[str]:
    """Return the ids of a keymap that no action has."""
    known = {action.id for action in ACTIONS}
    return sorted(set(keymap) - known)
