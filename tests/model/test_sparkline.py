"""Lines of bars: the width they may have, and the peaks they keep."""

import pytest

from cts_tui.model.sparkline import bars, thinned


def test_bars_go_from_the_lowest_to_the_highest() -> None:
    assert bars([0, 7, 3.5], 3) == "▁█▅"
    assert bars([2, 2], 3) == "▁▁"
    assert bars([1], 3) == ""


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 1_000])
def test_thinning_keeps_the_width_and_the_highest_value(length: int) -> None:
    values = [float(number * 37 % 101) for number in range(length)]
    shown = thinned(values, 8)
    assert len(shown) == min(length, 8)
    assert not values or max(shown) == max(values)
