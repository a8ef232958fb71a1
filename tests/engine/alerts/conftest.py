"""What the tests of alerts share: a service that takes notices, and waiting for what happens."""

from collections.abc import Awaitable, Callable

from tests.loopback.phone import Service, service

Until = Callable[..., Awaitable[None]]

__all__ = ["Service", "Until", "service"]
