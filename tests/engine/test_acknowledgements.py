"""How long orders take to be acknowledged, in percentiles of the last ones."""

from cts_tui.engine.acknowledgements import Acknowledgements


def test_percentiles_are_of_the_last_512() -> None:
    times = Acknowledgements()
    for number in range(1_000):
        times.note(10_000 if number < 488 else number - 487)
    assert times.as_row() == {"count": 1_000, "p50_ms": 256, "p99_ms": 507}
