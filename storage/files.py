"""The bytes of images, kept under the hash of their content.

Because a name is made from the content, writing twice is harmless, nothing is ever overwritten by
something else, and what is read can be checked.
"""

import asyncio
import errno
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from uuid import uuid4

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, ObjectStore, S3Store

from faults import HostError, UserError
from storage.settings import Settings

if TYPE_CHECKING:
    # obstore's type stubs have these names, the module itself has not.
    from obstore import ObjectMeta
    from obstore.store import RetryConfig, S3Config

_HASH: Final = re.compile(r"[0-9a-f]{64}")

_PNG: Final = b"\x89PNG"
_PROBE: Final = "probe"
_PROBE_SIZE: Final = 2**22
"""Bytes that a probe writes: as many as a large picture takes."""

_FRESH: Final = timedelta(hours=6)
"""How old a file may be for bytes that are stored once more not to be written again."""


class FileStoreError(HostError, RuntimeError):
    """The place where images are kept did not do what was asked; names no path and no key."""


class MissingFileError(UserError, RuntimeError):
    """No intact image is kept under this hash.

    Attributes:
        sha256: The hash that was asked for.
    """

    def __init__(self, sha256: str) -> None:
        super().__init__(f"no image {sha256[:12]} is kept here")
        self.sha256 = sha256


class Files:
    """Images by the SHA-256 of their bytes, in a folder or an S3-compatible bucket."""

    def __init__(self, where: str | Path, credentials: "S3Config | None" = None) -> None:
        """Opens the place; a folder is made where it is missing.

        Args:
            where: A folder, or a URL such as ``s3://bucket/prefix``.
            credentials: Options of the bucket, such as ``region`` or ``endpoint``; anything
                absent is taken from the usual AWS environment variables.
        """
        self._store = _open(str(where), credentials or {})
        self._allows: Callable[[str], Awaitable[bool]] | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The place named in the settings."""
        credentials: S3Config = {}
        if settings.aws_access_key_id:
            credentials["access_key_id"] = settings.aws_access_key_id.get_secret_value()
        if settings.aws_secret_access_key:
            credentials["secret_access_key"] = settings.aws_secret_access_key.get_secret_value()
        if settings.aws_region:
            credentials["region"] = settings.aws_region
        if settings.aws_endpoint_url:
            credentials["endpoint"] = settings.aws_endpoint_url
            # In the path: in the host's name it needs DNS, which own services seldom have.
            credentials["virtual_hosted_style_request"] = False
        return cls(settings.image_store, credentials)

    def put(self, data: bytes) -> str:
        """Keeps some bytes, once.

        Returns:
            Their SHA-256 in hexadecimal, under which :meth:`get` finds them.

        Raises:
            FileStoreError: They could not be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        there = self._look_up(sha256)
        # A file that was damaged is written again; so is an old one, which might be swept away
        # before the row is written that is to keep it.
        if (
            there is None
            or datetime.now(UTC) - there["last_modified"] > _FRESH
            or not self._is_whole(there, sha256, data)
        ):
            try:
                self._write(_name(sha256), data)
            except (BaseError, OSError) as error:
                raise _failed("written", sha256, error) from None
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes with this hash, checked against it.

        Raises:
            MissingFileError: There are none, or they were damaged.
            FileStoreError: The place does not answer.
        """
        try:
            found = obstore.get(self._store, _name(sha256)).bytes().to_bytes()
        # obstore raises Python's own errors beside those of its own.
        except (NotFoundError, FileNotFoundError):
            raise MissingFileError(sha256) from None
        except (BaseError, OSError) as error:
            raise _failed("read", sha256, error) from None
        return _checked(sha256, found)

    def has(self, sha256: str) -> bool:
        """Whether bytes are kept under this hash.

        Raises:
            FileStoreError: The place does not answer.
        """
        return self._look_up(sha256) is not None

    def probe(self) -> None:
        """Writes as much as a picture takes, and takes it away again.

        Raises:
            FileStoreError: That did not work.
        """
        # A name of its own, as several workers may ask at once.
        name = f"{_PROBE}-{uuid4().hex}"
        try:
            self._write(name, bytes(_PROBE_SIZE))
        except (NotFoundError, FileNotFoundError):
            raise FileStoreError("what EASEL_IMAGES names does not exist") from None
        except (PermissionDeniedError, UnauthenticatedError):
            raise FileStoreError("the AWS_ keys may not write where EASEL_IMAGES says") from None
        except (BaseError, OSError) as error:
            raise _failed("written", _PROBE, error) from None
        # Pictures can be stored also where nothing may be deleted.
        with suppress(BaseError, OSError):
            obstore.delete(self._store, name)

    def list_older(self, age: timedelta) -> Iterator[str]:
        """The hashes of what was stored longer ago than ``age``.

        Raises:
            FileStoreError: The place does not answer.
        """
        before = datetime.now(UTC) - age
        try:
            for some in obstore.list(self._store):
                for one in some:
                    name = one["path"].rsplit("/", 1)[-1]
                    if _HASH.fullmatch(name) and one["last_modified"] < before:
                        yield name
        except (BaseError, OSError) as error:
            raise _failed("listed", "store", error) from None

    def is_younger(self, sha256: str, age: timedelta) -> bool:
        """Whether bytes are kept under this hash that were stored within ``age``.

        Raises:
            FileStoreError: The place does not answer.
        """
        there = self._look_up(sha256)
        return there is not None and datetime.now(UTC) - there["last_modified"] < age

    def delete_older(self, sha256: str, age: timedelta) -> bool:
        """Deletes bytes unless they were stored again within ``age``; whether it did.

        Raises:
            FileStoreError: The place does not answer.
        """
        there = self._look_up(sha256)
        if there is None or datetime.now(UTC) - there["last_modified"] < age:
            return False
        try:
            obstore.delete(self._store, _name(sha256))
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise _failed("deleted", sha256, error) from None
        return True

    def guarded(self, allows: Callable[[str], Awaitable[bool]]) -> Self:
        """The same place, of which :meth:`aget` reads only what is allowed.

        Args:
            allows: Whether bytes with a hash may be read; what may not counts as missing.
        """
        one = copy(self)
        one._allows = allows
        return one

    async def aput(self, data: bytes) -> str:
        """As :meth:`put`, without stopping the event loop."""
        return await asyncio.to_thread(self.put, data)

    async def aget(self, sha256: str) -> bytes:
        """As :meth:`get`, without stopping the event loop."""
        if self._allows is not None and not await self._allows(sha256):
            raise MissingFileError(sha256)
        return await asyncio.to_thread(self.get, sha256)

    def _write(self, name: str, data: bytes) -> None:
        if isinstance(self._store, LocalStore):
            obstore.put(self._store, name, data)
            return
        kind = "image/png" if data.startswith(_PNG) else "application/octet-stream"
        # In one part: then its tag is the hash of all of it, with which it is compared later.
        obstore.put(self._store, name, data, attributes={"Content-Type": kind}, use_multipart=False)

    def _is_whole(self, there: "ObjectMeta", sha256: str, data: bytes) -> bool:
        """Whether what is kept under a hash is these bytes."""
        if there["size"] != len(data):
            return False
        if isinstance(self._store, LocalStore):
            with suppress(MissingFileError, FileStoreError):
                return self.get(sha256) == data
            return False
        # S3's tag is the MD5 hash, but where the bucket encrypts by keys of its own: there what was
        # kept is written once more.
        tag = (there["e_tag"] or "").strip('"')
        return tag == hashlib.md5(data, usedforsecurity=False).hexdigest()

    def _look_up(self, sha256: str) -> "ObjectMeta | None":
        try:
            return obstore.head(self._store, _name(sha256))
        except (NotFoundError, FileNotFoundError, MissingFileError):
            return None
        except (BaseError, OSError) as error:
            raise _failed("looked up", sha256, error) from None


# As Rust writes what the operating system answered (library/std/src/io/error.rs).
_ERRNO: Final = re.compile(r"(?:os error |Errno )(?P<number>\d+)")


def _open(where: str, credentials: "S3Config") -> ObjectStore:
    if "://" not in where:
        return LocalStore(prefix=Path(where).resolve(), mkdir=True)
    if not where.startswith("s3://"):
        raise FileStoreError("images can be kept in a folder or under s3://bucket/prefix")
    # By default ten retries within three minutes, for which whoever asked would have to wait.
    patience: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}
    # A bucket of one's own is often reached without TLS, inside one's own network.
    plain = str(credentials.get("endpoint", "")).startswith("http://")
    return S3Store.from_url(
        where, config=credentials, client_options={"allow_http": plain}, retry_config=patience
    )


def _failed(what: str, sha256: str, error: Exception) -> FileStoreError:
    # The store's own words hold paths and addresses; the kind of error and its number say enough.
    kind = type(error).__name__
    if number := _ERRNO.search(str(error)):
        kind = errno.errorcode.get(int(number["number"]), kind)
    return FileStoreError(f"image {sha256[:12]} could not be {what} ({kind})")


def _name(sha256: str) -> str:
    # What is asked for becomes a path, and may have come from a stranger's request.
    if not _HASH.fullmatch(sha256):
        raise MissingFileError(sha256)
    # Two levels of 256 folders: some file systems and tools are slow with very many files in one.
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _checked(sha256: str, found: bytes) -> bytes:
    if hashlib.sha256(found).hexdigest() != sha256:
        raise MissingFileError(sha256)
    return found
