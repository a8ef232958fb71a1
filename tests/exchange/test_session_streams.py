import asyncio
import gc
import warnings

import pytest

from cts_tui.errors import RetryableError
from cts_tui.exchange.faults import QuietStreamError
from cts_tui.exchange.session import ExchangeSession
from tests.exchange.bybit_server import BybitServer, ticker_message
from tests.exchange.conftest import Opening

TOPIC = "tickers.BTCUSDT"


def watching(session: ExchangeSession) -> asyncio.Task[dict[str, float | None]]:
    return asyncio.create_task(session.watch("watch_ticker", "BTC/USDT", timeout_s=10))


async def started(
    session: ExchangeSession, server: BybitServer
) -> asyncio.Task[dict[str, float | None]]:
    task = watching(session)
    async with asyncio.timeout(10):
        assert await server.subscribed.get() == TOPIC
    return task


async def again(session: ExchangeSession) -> None:
    """Wait for as long as the session wants between two connections."""
    while True:
        try:
            await session.watch("watch_ticker", "BTC/USDT", timeout_s=0.01)
        except QuietStreamError:
            return
        except RetryableError as error:
            await asyncio.sleep(error.wait_s)


async def test_a_stream_brings_what_the_exchange_sends(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    task = await started(session, bybit)
    await bybit.send(ticker_message('"101.5"'))
    assert (await task)["last"] == 101.5
    assert session.last_frame_ms is not None


async def test_a_price_that_is_no_number_does_not_end_the_stream(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    task = await started(session, bybit)
    await bybit.send(ticker_message("NaN"))
    assert (await task)["last"] is None
    task = watching(session)
    await asyncio.sleep(0)
    await bybit.send(ticker_message('"102"'))
    assert (await task)["last"] == 102.0
    assert len(bybit.sockets) == 1


UNREADABLE = '{"topic":"orderbook.50.BTCUSDT","type":"delta","data":{}}'


@pytest.mark.parametrize("message", ['{"topic":"tick', "[" * 9, UNREADABLE])
async def test_a_message_that_cannot_be_read_is_heard_at_once_and_the_stream_comes_back(
    bybit: BybitServer, opening: Opening, message: str
) -> None:
    session = await opening()
    task = await started(session, bybit)
    await bybit.send(message)
    with pytest.raises(RetryableError, match="unreadable message"):
        await task
    with pytest.raises(RetryableError, match="connecting again in") as waits:
        await session.watch("watch_ticker", "BTC/USDT")
    assert 0 < waits.value.wait_s <= 1
    await again(session)
    assert await bybit.subscribed.get() == TOPIC
    task = watching(session)
    await bybit.send(ticker_message('"103"'))
    assert (await task)["last"] == 103.0
    assert len(bybit.sockets) == 2


async def test_a_cut_stream_is_heard_at_once(bybit: BybitServer, opening: Opening) -> None:
    session = await opening()
    task = await started(session, bybit)
    await bybit.sockets[0].close()
    with pytest.raises(RetryableError):
        await task


async def test_a_quiet_stream_goes_on_and_nothing_that_comes_meanwhile_is_lost(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    with pytest.raises(QuietStreamError):
        await session.watch("watch_ticker", "BTC/USDT", timeout_s=0.01)
    assert await bybit.subscribed.get() == TOPIC
    heard = asyncio.Event()
    session.wake_on_message(heard.set)
    await bybit.send(ticker_message('"104"'))
    await heard.wait()
    assert (await session.watch("watch_ticker", "BTC/USDT", timeout_s=10))["last"] == 104.0
    assert len(bybit.sockets) == 1


async def test_one_watcher_that_is_cancelled_disturbs_no_other(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    first = await started(session, bybit)
    second = watching(session)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    await bybit.send(ticker_message('"105"'))
    assert (await second)["last"] == 105.0


async def test_streams_can_be_started_anew(bybit: BybitServer, opening: Opening) -> None:
    session = await opening()
    task = await started(session, bybit)
    await session.restart_streams()
    with pytest.raises(RetryableError, match="started anew"):
        await task
    await again(session)
    assert await bybit.subscribed.get() == TOPIC
    assert len(bybit.sockets) == 2


async def test_an_exchange_that_is_away_is_not_dialled_in_a_storm(
    bybit: BybitServer, opening: Opening
) -> None:
    session = await opening()
    urls = session.client.urls["api"]["ws"]["public"]
    urls["spot"] = "ws://127.0.0.1:9/v5/public/spot"
    waits = []
    for _ in range(100):
        with pytest.raises(RetryableError) as refused:
            await session.watch("watch_ticker", "BTC/USDT", timeout_s=10)
        waits.append(refused.value.wait_s)
    assert session.figures()["streams"]["failures"] == 1
    assert all(wait > 0 for wait in waits)


async def test_subscriptions_are_paced(bybit: BybitServer, opening: Opening) -> None:
    session = await opening()
    stream = session.client.client("ws://127.0.0.1:9/x")
    assert stream.throttle.__module__ == "cts_tui.exchange.streams"
    assert session.client.client("ws://127.0.0.1:9/x") is stream


async def test_closing_with_streams_leaves_no_warning_and_no_task(
    bybit: BybitServer, opening: Opening
) -> None:
    before = asyncio.all_tasks()
    session = await opening()
    task = await started(session, bybit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await session.close()
        with pytest.raises(RetryableError):
            await task
        del session
        gc.collect()
    for _ in range(20):
        await asyncio.sleep(0)
    left = {one for one in asyncio.all_tasks() - before if "ccxt" in repr(one)}
    assert left == set()
