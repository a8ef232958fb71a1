"""The one registry of what a key can do: bindings, footer, help and palette all come from it.

An action is remapped by its id: `CtsApp(keymap={"table.down": "n,down"})`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


class Where(StrEnum):
    """Where an action can be used; the value is its heading on the help screen."""

    EVERYWHERE = "Everywhere"
    SCREEN = "On every screen"
    DASHBOARD = "Dashboard"
    CONNECTIONS = "Connections"
    POSITIONS = "Positions"
    STRATEGIES = "Strategies"
    MARKET = "Market"
    TABLE = "In a table"
    CHART = "In a chart"
    EDITOR = "In the strategy editor"
    REPORT = "In a backtest report"
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
    Action("go.health", "8", "Health", _W.EVERYWHERE, "app.go('health')",
           "Show the health of everything: verdict, key figures, processors, feeds."),
    Action("kill", "K", "Kill", _W.EVERYWHERE, "app.kill_switch",
           "Stop every new entry on every connection, or allow entries again; asks first.",
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
           "Arm live trading with real money (asks for the typed name), or end it at once.",
           in_footer=True),
    Action("dashboard.close", "c", "Close", _W.DASHBOARD, "screen.close_position",
           "Close the open position under the cursor at the market; asks first.", in_footer=True),
    Action("positions.close", "c", "Close", _W.POSITIONS, "screen.close_position",
           "Close the open position under the cursor at the market; asks first.", in_footer=True),
    Action("positions.toggle", "t", "Open/closed", _W.POSITIONS, "screen.toggle_closed",
           "Show the closed positions, or the open ones again.", in_footer=True),
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
    Action("dialog.confirm", "y", "Yes", _W.DIALOG, "confirm",
           "Do what the dialog asks.", in_palette=False),
    Action("dialog.cancel", "escape,n", "No", _W.DIALOG, "cancel",
           "Leave the dialog; nothing happens.", in_palette=False),
)
# fmt: on

_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "shift+left": "shift+←",
    "shift+right": "shift+→",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "comma": ",",
    "full_stop": ".",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
}


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


def key_name(key: str) -> str:
    """Return a key as it is written on a keyboard: `question_mark` → `?`."""
    return _KEY_NAMES.get(key.strip(), key.strip())


def unknown_actions(keymap: Mapping[str, str]) -> list[str]:
    """Return the ids of a keymap that no action has."""
    known = {action.id for action in ACTIONS}
    return sorted(set(keymap) - known)
