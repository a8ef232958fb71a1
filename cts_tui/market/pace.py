"""The beat of a feed that makes its own data: a wait that ends early when the feed is closed."""

import asyncio


class Pace:
    """Beats every `interval_s` seconds until stopped. To be used within one event loop."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._stopped = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether nobody has stopped it."""
        return not self._stopped.is_set()

    async def wait(self) -> None:
        """Return after the interval, or as soon as it is stopped."""
        try:
            async with asyncio.timeout(self._interval_s):
                await self._stopped.wait()
        except TimeoutError:
            return

    def stop(self) -> None:
        """End the beat; whoever waits goes on at once."""
        self._stopped.set()
