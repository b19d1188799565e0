"""Image bytes: kept once, checked when read, whole or not at all."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from storage.files import Files, FileStoreError, MissingFileError
from tests.storage.conftest import settings_for

DATA = b"\x89PNG" + bytes(range(256)) * 40
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "images"


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, folder: Path) -> Files:
    """Both kinds of place."""
    if request.param == "folder":
        return Files(folder)
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.files(folder)


class Bucket(ThreadingHTTPServer):
    """As much of an S3 service as one bucket needs."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BucketHandler)
        self.objects: dict[str, bytes] = {}
        self.signed = 0

    def files(self, folder: Path) -> Files:
        """Files kept here, opened as a host would."""
        return Files.of(
            settings_for(
                folder,
                images="s3://easel/pictures",
                aws_access_key_id=SecretStr("key"),
                aws_secret_access_key=SecretStr("secret-4711"),
                aws_region="eu-central-1",
                aws_endpoint_url=f"http://127.0.0.1:{self.server_address[1]}",
            )
        )


class BucketHandler(BaseHTTPRequestHandler):
    """PUT, GET and HEAD of objects."""

    server: Bucket

    def do_PUT(self) -> None:
        self.server.signed += "Credential=key/" in self.headers.get("Authorization", "")
        self.server.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        found = self.server.objects.get(self.path)
        self._answer(404 if found is None else 200, found or b"")

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stays quiet."""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_what_was_put_can_be_read(files: Files) -> None:
    assert not files.has(SHA)
    assert files.put(DATA) == SHA
    assert files.put(DATA) == SHA
    assert files.has(SHA)
    assert files.get(SHA) == DATA


async def test_the_event_loop_has_its_own_way(files: Files) -> None:
    assert await files.aget(await files.aput(DATA)) == DATA


def test_what_is_missing_says_so(files: Files) -> None:
    with pytest.raises(MissingFileError) as missing:
        files.get(SHA)
    assert missing.value.sha256 == SHA
    assert str(missing.value) == f"no image {SHA[:12]} is kept here"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, SHA + "/.."])
def test_only_hashes_are_names(files: Files, name: str) -> None:
    assert not files.has(name)
    with pytest.raises(MissingFileError):
        files.get(name)


def test_files_lie_two_folders_deep(folder: Path) -> None:
    Files(folder).put(DATA)
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert found == [Path(SHA[:2], SHA[2:4], SHA)]


def test_a_damaged_file_is_missing_and_is_mended_by_the_next_put(folder: Path) -> None:
    files = Files(folder)
    files.put(DATA)
    place = folder / SHA[:2] / SHA[2:4] / SHA
    place.write_bytes(DATA[:100])
    with pytest.raises(MissingFileError):
        files.get(SHA)
    files.put(DATA)
    assert files.get(SHA) == DATA
    place.write_bytes(bytes(len(DATA)))
    with pytest.raises(MissingFileError):
        files.get(SHA)


def test_two_that_put_the_same_at_once_do_not_hurt_each_other(folder: Path) -> None:
    threads = [threading.Thread(target=Files(folder).put, args=[DATA]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Files(folder).get(SHA) == DATA
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_a_bucket_gets_signed_requests_under_its_prefix(bucket: Bucket, folder: Path) -> None:
    bucket.files(folder).put(DATA)
    assert list(bucket.objects) == [f"/easel/pictures/{SHA[:2]}/{SHA[2:4]}/{SHA}"]
    assert bucket.signed == 1


def test_errors_tell_no_path_and_no_key(folder: Path) -> None:
    folder.parent.mkdir()
    files = Files(folder)
    folder.rmdir()
    folder.write_bytes(b"a file where the folder was")
    with pytest.raises(FileStoreError) as refused:
        files.put(DATA)
    assert "/" not in str(refused.value)
    with pytest.raises(FileStoreError, match="folder or under s3"):
        Files("ftp://me:4711@host/x")
