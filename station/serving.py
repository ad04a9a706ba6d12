"""uvicorn, told how this page is served and how it ends."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from monitoring.http_server import PortTaken

log = logging.getLogger("station")

STUCK_MS = 30_000
"""A connection that takes nothing for so long is cut: it would hold a place among the open pages."""
CONNECTIONS = 600
BACKLOG = 512


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens; port 0 takes any free one. Raises PortTaken, which names the `setting`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only where a socket says that it is TCP: else each of
    # them waits 40 ms for the client's delayed acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MS)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen(BACKLOG)  # who comes before the loop turns is served a moment later
    except OSError as failure:
        listening.close()
        if failure.errno == errno.EADDRINUSE:
            raise PortTaken(host, port, setting) from None
        raise
    return listening


class PageServer(uvicorn.Server):
    """Ends the live streams before it waits for them, and exits 0 after a signal: it did as it was told."""

    def __init__(self, app: FastAPI) -> None:
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._pulse = app.state.pulse
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=5,
            )
        )

    def stop(self) -> None:
        """Go down, soon."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._pulse.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal once more at the end, and the process dies of it."""
        before = {each: signal.signal(each, self._told) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _told(self, signum: int, _: FrameType | None) -> None:
        log.info("stopping", extra={"signal": signal.Signals(signum).name})
        self.stop()
