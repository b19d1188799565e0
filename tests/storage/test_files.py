"""Image bytes: kept once, checked when read, whole or not at all."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from pydantic import SecretStr

from storage.files import Files, FileStoreError, MissingFileError
from storage.settings import Settings
from tests.storage.conftest import settings_for

DATA = b"\x89PNG" + bytes(range(256)) * 40
SHA = hashlib.sha256(DATA).hexdigest()
REGION = "us-east-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "images"


class Bucket:
    """A bucket of a real S3 service, which runs in this process."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self.store = S3Store(
            name, endpoint=url, region=REGION, access_key_id="key", secret_access_key="secret-4711",
            client_options={"allow_http": True}, virtual_hosted_style_request=False,
        )  # fmt: skip

    def settings(self, folder: Path, bucket: str = "") -> Settings:
        """Settings that name it, as a host would."""
        return settings_for(
            folder,
            images=f"s3://{bucket or self._name}/pictures",
            aws_access_key_id=SecretStr("key"),
            aws_secret_access_key=SecretStr("secret-4711"),
            aws_region=REGION,
            aws_endpoint_url=self._url,
        )

    def files(self, folder: Path) -> Files:
        """Files kept here."""
        return Files.of(self.settings(folder))


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of an S3 service."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(service: str) -> Bucket:
    name = f"easel-{uuid4().hex}"
    # In this region, for which nothing need be said.
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential=key/1/{REGION}/s3/aws4_request"}
    urlopen(Request(f"{service}/{name}", method="PUT", headers=signed)).close()
    return Bucket(service, name)


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, folder: Path) -> Files:
    """Both kinds of place."""
    if request.param == "folder":
        return Files(folder)
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.files(folder)


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
    files.put(DATA)
    assert files.get(SHA) == DATA


def test_two_that_put_the_same_at_once_do_not_hurt_each_other(folder: Path) -> None:
    threads = [threading.Thread(target=Files(folder).put, args=[DATA]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Files(folder).get(SHA) == DATA
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_a_bucket_keeps_pictures_under_its_prefix_as_what_they_are(
    bucket: Bucket, folder: Path
) -> None:
    place = f"pictures/{SHA[:2]}/{SHA[2:4]}/{SHA}"
    files = bucket.files(folder)
    files.put(DATA)
    files.put(b"no picture")
    assert obstore.get(bucket.store, place).attributes["Content-Type"] == "image/png"
    listed = [one["path"] for some in obstore.list(bucket.store) for one in some]
    assert len(listed) == 2
    assert place in listed


@pytest.mark.parametrize("damaged", [DATA[:100], bytes(len(DATA))])
def test_a_damaged_object_is_missing_and_is_mended_by_the_next_put(
    bucket: Bucket, folder: Path, damaged: bytes
) -> None:
    files = bucket.files(folder)
    files.put(DATA)
    obstore.put(bucket.store, f"pictures/{SHA[:2]}/{SHA[2:4]}/{SHA}", damaged)
    with pytest.raises(MissingFileError):
        files.get(SHA)
    files.put(DATA)
    assert files.get(SHA) == DATA


def test_what_is_whole_is_not_written_again(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    # So large that it would be sent in parts, if that was not ruled out.
    large = DATA * 1000
    files.put(large)
    written = list[str]()
    monkeypatch.setattr(files, "_write", lambda name, _: written.append(name))
    files.put(large)
    assert written == []


def test_a_probe_leaves_nothing_behind_and_says_what_is_wrong(bucket: Bucket, folder: Path) -> None:
    bucket.files(folder).probe()
    assert [one for some in obstore.list(bucket.store) for one in some] == []
    with pytest.raises(FileStoreError, match="what EASEL_IMAGES names does not exist"):
        Files.of(bucket.settings(folder, "nowhere")).probe()


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
