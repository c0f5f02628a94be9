"""A web server for the tests' own pages. Not Playwright's routes: Chromium lets no page of theirs reach this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@contextmanager
def serving(page: Path, files: Mapping[str, tuple[Path, str]]) -> Iterator[str]:
    """Answer with `files` by their path (and media type), with `page` to everything else; yields the page's address."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, kind = files.get(self.path, (page, "text/html"))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/page.html"
    finally:
        server.shutdown()
        server.server_close()
