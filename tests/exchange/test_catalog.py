import subprocess
import sys

from cts_tui.exchange.catalog import exchange_ids, is_known_exchange, nearest


def test_the_catalog_names_the_exchanges_that_ccxt_names():
    import ccxt

    assert exchange_ids() == set(ccxt.exchanges)


def test_the_catalog_does_not_import_ccxt():
    code = (
        "import sys; from cts_tui.exchange.catalog import exchange_ids; exchange_ids(); "
        "sys.exit('ccxt' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_exchange_is_known_by_its_very_id():
    assert is_known_exchange("binance")
    assert not is_known_exchange("binanse")
    assert not is_known_exchange("__init__")


def test_a_misspelt_exchange_is_answered_with_what_was_meant():
    assert nearest(" Binanse")[0] == "binance"
    assert nearest("zzzzzz") == []
