"""`python -m monitoring listen`: runs until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
import signal

from monitoring import logs
from monitoring.http_server import PortTaken

DEFAULT_PORT = 9466
REFUSED = 2
ENDING = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port to listen on; 0: any free one (%(default)s)"
    )
    parser.add_argument(
        "--log-format",
        choices=("console", "json"),
        default="console",
        help="how log lines look (%(default)s)",
    )


def run(given: argparse.Namespace) -> int:
    """Listen. Exit code 0 when told to stop, 2 when the port is taken or the address is not ours."""
    # pydantic costs a quarter of a second, which the other commands need not pay.
    from monitoring.listening.server import listen

    logs.configure(given.log_format)
    # Before any thread starts, which inherits it: a signal waits until it is asked for.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        listener = listen(given.host, given.port)
    except PortTaken as taken:
        log.error("refused to start: %s", taken)
        return REFUSED
    except OSError as error:
        log.error("refused to start: cannot listen on %s: %s; set --host", given.host, error.strerror)
        return REFUSED
    log.info("listening for alerts", extra={"host": given.host, "port": listener.port})
    told = signal.sigwait(ENDING)
    listener.close()
    log.info("stopped", extra={"signal": signal.Signals(told).name})
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)
