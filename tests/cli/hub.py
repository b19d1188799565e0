"""A model hub on this machine: the few answers that fetching a checkpoint asks for."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "someone/tiny"


class Hub(BaseHTTPRequestHandler):
    """Serves one folder as the repository ``NAME`` at one commit."""

    folder: Path
    asked: list[str]
    cut: set[str]
    """Names of files whose download breaks off in the middle, and is refused when asked again."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith(f"/api/models/{NAME}"):
            files = [
                {
                    "type": "file",
                    "path": file.relative_to(self.folder).as_posix(),
                    "size": file.stat().st_size,
                    "oid": hashlib.sha1(file.read_bytes()).hexdigest(),
                }
                for file in sorted(self.folder.rglob("*"))
                if file.is_file()
            ]
            named = [{"rfilename": file["path"]} for file in files]
            info = {"id": NAME, "sha": COMMIT, "siblings": named}
            self._send(json.dumps(files if "/tree/" in path else info).encode(), body)
            return
        for revision in (COMMIT, "main"):
            lead = f"/{NAME}/resolve/{revision}/"
            file = self.folder / path.removeprefix(lead)
            if path.startswith(lead) and file.is_file():
                self._file(file, body)
                return
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _file(self, file: Path, body: bool) -> None:
        name, data = file.relative_to(self.folder).as_posix(), file.read_bytes()
        start = 0
        if given := self.headers.get("Range"):
            start = int(given.removeprefix("bytes=").partition("-")[0] or 0)
        refused = body and name in self.cut and f"{name}@0" in self.asked
        if body:
            self.asked.append(f"{name}@{start}")
        if refused:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        tag = hashlib.sha256(data).hexdigest()
        more = {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
        if body and name in self.cut:
            self._send(data, body, more, until=len(data) // 2)
            self.close_connection = True
            return
        self._send(data[start:], body, more, partial=bool(start))

    def _send(
        self,
        data: bytes,
        body: bool,
        more: dict[str, str] | None = None,
        *,
        partial: bool = False,
        until: int | None = None,
    ) -> None:
        self.send_response(206 if partial else 200)
        for name, value in {"Content-Length": str(len(data)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data[:until])

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def hub(folder: Path) -> Iterator[tuple[str, type[Hub]]]:
    """The address of a hub that serves a checkpoint, and what it was asked for."""
    kind = type("Serving", (Hub,), {"folder": folder, "asked": [], "cut": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kind
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
