"""Colour themes from TOML files: shipped ones, and the trader's own in the config folder."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from cts_tui.errors import ConfigError
from cts_tui.tui.tones import DOMAIN_DEFAULTS

_BASE_COLORS = (
    "primary",
    "secondary",
    "accent",
    "warning",
    "error",
    "success",
    "foreground",
    "background",
    "surface",
    "panel",
)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def load_themes(folders: Iterable[Path]) -> tuple[list[Theme], list[str]]:
    """Return the themes in `folders`, and one line per file that cannot be used.

    A theme of a later folder replaces one of the same name of an earlier folder.
    """
    themes: dict[str, Theme] = {}
    faults: list[str] = []
    for path in _theme_files(folders):
        try:
            theme = read_theme(path)
        except ConfigError as error:
            faults.append(str(error))
        else:
            themes[theme.name] = theme
    return list(themes.values()), faults


def _theme_files(folders: Iterable[Path]) -> Iterable[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from sorted(folder.glob("*.toml"))


def read_theme(path: Path) -> Theme:
    """Read one theme file.

    Raises ConfigError that names the file, what was found and what is expected.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"theme {path} cannot be read: {error}") from error
    name = table.get("name", path.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"theme {path}: name is {name!r}; use lower-case letters, digits, dashes")
    base = _colors(path, table, "colors", _BASE_COLORS)
    if "primary" not in base:
        raise ConfigError(f'theme {path}: [colors] has no primary; add primary = "#rrggbb"')
    domain = _colors(path, table, "domain", tuple(DOMAIN_DEFAULTS))
    theme = Theme(name=name, primary=base.pop("primary"), variables=domain)
    return replace(theme, dark=bool(table.get("dark", True)), **base)  # type: ignore[arg-type]


def _colors(
    path: Path, table: dict[str, object], part: str, known: tuple[str, ...]
) -> dict[str, str]:
    colors = table.get(part, {})
    if not isinstance(colors, dict):
        raise ConfigError(f"theme {path}: {part} is {colors!r}; make it a table [{part}]")
    for key, value in colors.items():
        if key not in known:
            raise ConfigError(f"theme {path}: [{part}] has no {key!r}; it has {', '.join(known)}")
        _check_color(path, key, value)
    return dict(colors)


def _check_color(path: Path, key: str, value: object) -> None:
    try:
        Color.parse(str(value))
    except ColorParseError as error:
        raise ConfigError(
            f"theme {path}: {key} is {value!r}; write a colour like #4cc38a"
        ) from error
