"""What the registry of actions is made of: what a key does, and where it can be used."""

from dataclasses import dataclass
from enum import StrEnum


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
    ALERTS = "In the alerts"
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
