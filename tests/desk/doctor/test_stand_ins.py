"""What prose of a report keeps, and what it never shows."""

import pytest

from cts_tui.desk.doctor.stand_ins import StandIns


@pytest.mark.parametrize(
    ("told", "hidden"),
    [
        ("sold 0.512BTC", "512"),
        ("left 48213USDT", "48213"),
        ("USDT48213.77 free", "48213"),
        ("2x48213.77", "48213"),
        ("48213.77USDT", "77USDT"),
        ("100.5-48213.77", "48213"),
        ("vpn.joe.xyz:443 refused", "joe"),
        ("trading-box:8080 refused", "box"),
        ("mail joe@box", "joe"),
        ("cannot read /mnt/Joe Smith/wallet.txt", "Smith"),
        ("cannot read '/mnt/Joe Smith'", "Smith"),
        ("order id1234567", "1234567"),
        ("trade 77aa88", "77aa88"),
        ("\x1b[31mred", "\x1b"),
    ],
)
def test_what_may_be_somebodys_is_not_told(told: str, hidden: str) -> None:
    assert hidden not in StandIns({}, {}).masked(told)


@pytest.mark.parametrize(
    "told",
    [
        "line 216 in journal.py:216",
        "HTTP 504",
        "retCode: 10001",
        "took 12345 ms, 12 of 15",
        "sqlalchemy.exc.OperationalError: database is locked",
        "cts_tui.store.journal",
    ],
)
def test_what_helps_against_a_fault_is_told(told: str) -> None:
    assert StandIns({}, {}).masked(told) == told
