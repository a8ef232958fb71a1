"""A service on this machine that takes notices, the way apprise's json:// sends them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cts_tui.model.alerts import AlertTarget


class Service:
    """Takes what is posted; refuses while `status` says so, hangs while `is_hanging`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status = 200
        self.is_hanging = False
        self.let_go = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if service.is_hanging:
                    service.let_go.wait(30)
                    return
                if service.status == 200:
                    service.got.append(json.loads(body))
                    service.paths.append(self.path)
                self.send_response(service.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def target(self, name: str = "phone", path: str = "Topic4711Secret") -> AlertTarget:
        return AlertTarget(name, f"json://127.0.0.1:{self.port}/{path}")

    def stop(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()
