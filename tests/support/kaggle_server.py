"""A stand-in for Kaggle on a port of its own, reached as an HTTP proxy: real kagglehub talks to it.

kagglehub's `LOCALHOST` environment has a fixed address, http://localhost; a proxy takes any, so that no test
needs port 80. Like Kaggle it answers the API's POST with a redirect to the storage that holds the archive.
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API_PATH = "/api/v1/competitions.CompetitionApiService/DownloadDataFiles"
STORED = "http://localhost/storage/archive.zip"


def archive_of(files: dict[str, bytes]) -> bytes:
    """A zip of them, by path."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return held.getvalue()


class KaggleServer:
    """What it answers and was asked.

    status: the API's answer, 302 leads to the archive; breaks_after: bytes after which a download breaks off;
    damages: whether a byte is not the one that the stated checksum was made of.
    """

    def __init__(self, archive: bytes) -> None:
        self.archive = archive
        self.status = 302
        self.breaks_after: int | None = None
        self.damages = False
        self.asked: list[str] = []

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve until left; gives the proxy's address."""
        stand_in = self

        class Answers(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stand_in._answer_api(self)

            def do_GET(self) -> None:
                stand_in._answer_storage(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _answer_api(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"POST {request.path} {request.headers.get('Authorization')}")
        known = request.path.endswith(API_PATH)
        request.send_response(self.status if known else 404)
        if known and self.status == 302:
            request.send_header("Location", STORED)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _answer_storage(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(f"GET {wanted}")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        md5 = base64.b64encode(hashlib.md5(self.archive).digest()).decode()
        request.send_response(206 if wanted else 200)
        request.send_header("Content-Length", str(len(self.archive) - start))
        request.send_header("Content-Type", "application/zip")
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("X-Goog-Hash", f"md5={md5}")
        request.send_header("Last-Modified", "Mon, 12 Aug 2019 16:10:10 GMT")
        request.end_headers()
        body = self.archive[start:]
        if self.damages:
            body = bytes([body[0] ^ 1]) + body[1:]
        if self.breaks_after is not None:
            body, self.breaks_after = body[: self.breaks_after], None
            request.close_connection = True
        request.wfile.write(body)
