"""An engine and the vault: paper asks for no key, others wait for one and say so."""

import pytest

from cts_tui.clock import SystemClock
from cts_tui.engine.connection import ConnectionEngine
from cts_tui.errors import LockedError
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.credentials import Credentials
from cts_tui.model.trading import Mode
from cts_tui.settings import Settings
from cts_tui.store import connections, secrets
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.vault import Vault
from tests.store.samples import NOW

GIVEN = Credentials(api_key="AK-" + "m1n2" * 8, secret="SK-" + "b3v4" * 8)


def stored(database: Database, mode: Mode) -> int:
    """A connection with credentials, encrypted with CTS_MASTER_KEY."""
    row, key = Vault(database).opened_for_writing()
    with database.write() as transaction:
        draft = ConnectionDraft("mine", "bybit", mode, symbols=("BTC/USDT",))
        ours = connections.add(transaction, draft, NOW)
        secrets.put(transaction, ours, GIVEN, key, row, NOW)
    return ours


def engine_of(database: Database, journal: Journal) -> ConnectionEngine:
    with database.read() as transaction:
        (setup,) = connections.setups(transaction)
    return ConnectionEngine(
        setup,
        (),
        settings=Settings(),
        database=database,
        journal=journal,
        store_id="a-store",
        clock=SystemClock(),
        vault=Vault(database),
    )


@pytest.fixture(autouse=True)
def master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "the key of these tests")


@pytest.mark.parametrize("mode", [Mode.TESTNET, Mode.LIVE])
async def test_an_engine_reads_the_credentials_of_its_connection(
    database: Database, journal: Journal, mode: Mode
) -> None:
    stored(database, mode)
    assert engine_of(database, journal).credentials() == GIVEN


async def test_a_vault_that_cannot_be_opened_does_not_stop_paper(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = stored(database, Mode.PAPER)
    monkeypatch.setenv("CTS_MASTER_KEY", "another one")
    assert engine_of(database, journal).credentials() is None
    with database.write() as transaction:
        connections.change(transaction, ours, NOW, mode=Mode.TESTNET)
    with pytest.raises(LockedError, match="is not the key"):
        engine_of(database, journal).credentials()
