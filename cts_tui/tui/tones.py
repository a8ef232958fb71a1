"""From tones to colours: the theme's domain variables as Rich styles, made once per theme."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.color import Color

from cts_tui.tui.cells import Tone

DOMAIN_DEFAULTS: dict[str, str] = {
    "profit": "#4cc38a",
    "loss": "#ff7b72",
    "long": "#4cc38a",
    "short": "#ff9d5c",
    "live": "#ff5c57",
    "testnet": "#f08bd0",
    "paper": "#5fb3f9",
    "demo": "#b48ef0",
    "stale": "#e3b341",
    "muted": "#8b98a9",
    "strong": "#ffffff",
    "title": "#7cc4ff",
    "key": "#7cc4ff",
    "line": "#2d3947",
    "line-focus": "#4f9bd9",
    "badge-text": "#0b1016",
    "row-header": "#151d27",
    "row-cursor": "#22405c",
    "row-cursor-blurred": "#1b2733",
}
"""Every domain variable with the value it has in a theme that does not name it."""


class Ink(NamedTuple):
    """The theme variables of a tone."""

    text: str = ""
    ground: str = ""
    is_bold: bool = False


INKS: dict[Tone, Ink] = {
    Tone.PLAIN: Ink(),
    Tone.MUTED: Ink("muted"),
    Tone.STRONG: Ink("strong", is_bold=True),
    Tone.TITLE: Ink("title", is_bold=True),
    Tone.KEY: Ink("key", is_bold=True),
    Tone.GOOD: Ink("profit"),
    Tone.WARNING: Ink("stale"),
    Tone.ERROR: Ink("loss"),
    Tone.PROFIT: Ink("profit"),
    Tone.LOSS: Ink("loss"),
    Tone.LONG: Ink("long"),
    Tone.SHORT: Ink("short"),
    Tone.LIVE: Ink("live", is_bold=True),
    Tone.TESTNET: Ink("testnet", is_bold=True),
    Tone.PAPER: Ink("paper"),
    Tone.STALE: Ink("stale", is_bold=True),
    Tone.GRID: Ink("line"),
    Tone.CURVE_A: Ink("title"),
    Tone.CURVE_B: Ink("short"),
    Tone.CURVE_C: Ink("demo"),
    Tone.BADGE_BRAND: Ink("title", is_bold=True),
    Tone.BADGE_LIVE: Ink("badge-text", "live", is_bold=True),
    Tone.BADGE_TESTNET: Ink("badge-text", "testnet", is_bold=True),
    Tone.BADGE_PAPER: Ink("badge-text", "paper", is_bold=True),
    Tone.BADGE_DEMO: Ink("badge-text", "demo", is_bold=True),
    Tone.BADGE_STALE: Ink("badge-text", "stale", is_bold=True),
    Tone.BADGE_KILLED: Ink("badge-text", "live", is_bold=True),
    Tone.BADGE_PROFIT: Ink("badge-text", "profit"),
    Tone.BADGE_LOSS: Ink("badge-text", "loss"),
}

ToneStyles = Mapping[Tone, Style]


def tone_styles(variables: Mapping[str, str]) -> ToneStyles:
    """Return the style of every tone under the theme `variables` of the app."""
    return _styles(tuple(variables.get(name, value) for name, value in DOMAIN_DEFAULTS.items()))


def ground_style(variables: Mapping[str, str], name: str) -> Style:
    """Return the style that paints the ground in the theme variable `name`."""
    return Style(bgcolor=Color.parse(variables.get(name, DOMAIN_DEFAULTS[name])).rich_color)


@lru_cache(maxsize=8)
def _styles(values: tuple[str, ...]) -> dict[Tone, Style]:
    variables = dict(zip(DOMAIN_DEFAULTS, values, strict=True))
    return {tone: _style(ink, variables) for tone, ink in INKS.items()}


def _style(ink: Ink, variables: Mapping[str, str]) -> Style:
    return Style(
        color=Color.parse(variables[ink.text]).rich_color if ink.text else None,
        bgcolor=Color.parse(variables[ink.ground]).rich_color if ink.ground else None,
        bold=ink.is_bold or None,
    )
