"""Everything that is wrong with the text of a strategy, each with its place in it."""

import re
from collections.abc import Iterator
from typing import Final

from cts_tui.errors import ConfigError
from cts_tui.model.strategy_views import StrategyFault
from cts_tui.rules.places import Place, place_at, place_of
from cts_tui.rules.spec import LARGEST_FILE, Fault, mapping_faults, parse_toml

_TOML_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def text_faults(text: str) -> list[StrategyFault]:
    """Return everything that is wrong with a strategy written in TOML, from top to bottom."""
    if len(text.encode("utf-8", "replace")) > LARGEST_FILE:
        return [StrategyFault("", f"larger than {LARGEST_FILE // 1024} kB")]
    try:
        mapping = parse_toml(text)
    except ConfigError as error:
        return [_toml_fault(text, str(error))]
    return sorted(_placed(text, mapping_faults(mapping)), key=lambda fault: fault.line or 0)


def _placed(text: str, faults: list[Fault]) -> Iterator[StrategyFault]:
    for fault in faults:
        place = place_of(text, fault.field, fault.position)
        line, column = place or (None, None)
        within = None if fault.position is None else fault.position + 1
        yield StrategyFault(fault.field, fault.message, within, line, column)


def _toml_fault(text: str, message: str) -> StrategyFault:
    """Return the fault of a text that is no TOML; its place stands at the end of the message."""
    found = _TOML_PLACE.search(message)
    if found is None:
        return StrategyFault("", message)
    line, column = found.groups()
    end = place_at(text, len(text.rstrip()))
    place = Place(int(line), int(column)) if line else end
    return StrategyFault("", message, None, place.line, place.column)
