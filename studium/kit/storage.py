"""Blobs: a local folder or any S3-compatible store behind one small port, streamed both ways."""

import asyncio
import errno
import os
import re
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from math import nan
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from studium.kit.base.clock import now
from studium.kit.base.held import require_free
from studium.kit.base.ids import new_id
from studium.kit.base.problems import DependencyDown, StorageFull
from studium.kit.base.scratch import Scratch, remove_abandoned

CHUNK = 1 << 20
INCOMING_KEPT = timedelta(hours=1)
# A store that is down is noticed in seconds: by itself the client would try ten times, for three minutes. One that
# hangs has had its time with the first try: only what fails before `retry_timeout` is tried again.
_PATIENCE = {"timeout": "30s", "connect_timeout": "2s", "read_timeout": "4s"}
_RETRIES: Any = {
    "max_retries": 1,
    "retry_timeout": timedelta(seconds=3),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_FULL = ("No space left", "StorageFull", "os error 28", "os error 122", "Disk quota")


class BlobMissing(Exception):
    """There is no blob at the path."""


class Storage:
    """Blobs by path. Paths are our own: relative, plain characters, never `..`.

    `adopt` makes a blob of a file in `incoming`.
    """

    def __init__(
        self,
        store: Any,  # noqa: ANN401 -- any of obstore's.
        *,
        incoming: Path,
        local_root: Path | None = None,
        public: Any = None,  # noqa: ANN401 -- as above.
    ) -> None:
        self._store = store
        self._public = public or store
        self._root = local_root
        self.scratch = Scratch(incoming)

    @property
    def incoming(self) -> Path:
        """A folder of this process for files that are still being received, in the one that all processes share."""
        with translate_storage_errors():
            return self.scratch.path

    @property
    def is_local(self) -> bool:
        """Whether the blobs lie in a folder of this machine."""
        return self._root is not None

    def free_bytes(self) -> float:
        """What is free on the disk of a folder; NaN for a bucket, and where the folder is gone."""
        try:
            return shutil.disk_usage(self._root).free if self._root is not None else nan
        except OSError:
            return nan

    async def put(self, path: str, data: AsyncIterator[bytes] | bytes) -> int:
        """Store a blob, whole or not at all, and return its size; raise StorageFull, DependencyDown."""
        require_free("The storage")
        if self._root is not None:
            with translate_storage_errors():
                return await self._put_here(self._root / _checked(path), data)
        if isinstance(data, bytes):
            with translate_storage_errors():
                await obstore.put_async(self._store, _checked(path), data, use_multipart=False)
            return len(data)
        size = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for chunk in data:
                size += len(chunk)
                yield chunk

        with translate_storage_errors():
            await obstore.put_async(self._store, _checked(path), counted(), chunk_size=5 * CHUNK, max_concurrency=2)
        return size

    async def _put_here(self, target: Path, data: AsyncIterator[bytes] | bytes) -> int:
        """Written aside, where a sweep finds what a crash leaves, and renamed when it is whole."""
        draft = self.incoming / new_id().hex
        try:
            with await asyncio.to_thread(draft.open, "wb") as file:
                if isinstance(data, bytes):
                    await asyncio.to_thread(file.write, data)
                else:
                    async for chunk in data:
                        await asyncio.to_thread(file.write, chunk)
                size = file.tell()
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return size

    async def adopt(self, path: str, source: Path, headers: Mapping[str, str]) -> None:
        """Make a blob of a file in `incoming`, whole, durable, or not at all; raise StorageFull, DependencyDown.

        A folder takes the file away, a bucket copies it. Whoever gets a pre-signed address gets `headers` too.
        """
        require_free("The storage")
        with translate_storage_errors():
            if self._root is not None:
                await asyncio.to_thread(_move, source, self._root / _checked(path))
                return
            attributes: Any = dict(headers)
            await obstore.put_async(
                self._store, _checked(path), source, attributes=attributes, chunk_size=5 * CHUNK, max_concurrency=2
            )

    async def get(self, path: str) -> bytes:
        """A whole blob; raise BlobMissing."""
        require_free("The storage")
        with translate_storage_errors():
            found = await obstore.get_async(self._store, _checked(path))
            return bytes(await found.bytes_async())

    async def stream(self, path: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes `start`..`end` (exclusive) of a blob in chunks; raise BlobMissing before the first."""
        require_free("The storage")
        options: Any = {}
        if start or end is not None:
            options = {"range": {"offset": start} if end is None else (start, end)}
        with translate_storage_errors():
            found = await obstore.get_async(self._store, _checked(path), options=options)
            async for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    async def size(self, path: str) -> int | None:
        """The size of a blob in bytes, None where there is none."""
        require_free("The storage")
        try:
            with translate_storage_errors():
                return int((await obstore.head_async(self._store, _checked(path)))["size"])
        except BlobMissing:
            return None

    async def delete(self, path: str) -> None:
        """Remove a blob; one that is not there is fine."""
        require_free("The storage")
        try:
            with translate_storage_errors():
                await obstore.delete_async(self._store, _checked(path))
        except BlobMissing:
            return

    async def list(self, prefix: str = "", *, before: datetime | None = None) -> AsyncIterator[str]:
        """The paths of the blobs below a prefix; with `before`, of those that have not changed since then."""
        require_free("The storage")
        with translate_storage_errors():
            async for page in obstore.list(self._store, prefix or None, chunk_size=500):
                for found in page:
                    if before is None or found["last_modified"] < before:
                        yield str(found["path"])

    async def clear_incoming(self) -> None:
        """Remove what processes that were killed were receiving."""
        await asyncio.to_thread(remove_abandoned, self.scratch.root)
        await asyncio.to_thread(_remove_old, self.scratch.root, (now() - INCOMING_KEPT).timestamp())

    async def presigned(self, path: str, seconds: int, headers: dict[str, str] | None = None) -> str | None:
        """An address that gives out the blob for so many seconds; None where the store cannot (a local folder)."""
        del headers  # obstore signs no response headers; the blob's own attributes are sent.
        if self.is_local:
            return None
        require_free("The storage")
        with translate_storage_errors():
            return str(await obstore.sign_async(self._public, "GET", _checked(path), timedelta(seconds=seconds)))

    async def ping(self) -> None:
        """Ask the store something trivial; raise DependencyDown, StorageFull."""
        if self._root is not None:
            with translate_storage_errors():
                if not os.access(self._root, os.W_OK):
                    raise PermissionError(errno.EACCES, "not writable")
                shutil.disk_usage(self._root)
            return
        await self.size("ping")


def _move(source: Path, target: Path) -> None:
    """Rename within one file system, with the bytes and the name on the disk before anybody hears of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _synced(source)
    source.replace(target)
    _synced(target.parent)


def _synced(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _remove_old(folder: Path, before: float) -> None:
    """Remove files that nobody has written to since then, as former releases left them here."""
    for path in folder.glob("*"):
        # Another process may have the same in mind.
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink()


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        message = "not a path of our own"
        raise ValueError(message)
    return path


@contextmanager
def translate_storage_errors() -> Iterator[None]:
    """Turn what a store or a file system raises into BlobMissing, StorageFull or DependencyDown."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise BlobMissing from None
    except (BaseError, OSError) as error:
        text = str(error)
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or any(word in text for word in _FULL):
            message = "The disk is full; nothing was stored."
            raise StorageFull(message) from error
        raise DependencyDown from error


def open_storage(url: str, *, scratch: Path | None = None) -> Storage:
    """Open `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`; credentials come from the query or AWS_*.

    With `public_endpoint`, pre-signed addresses lead there: to the same store, by the name that browsers can reach.
    What is being received for S3 waits in `scratch`; for a folder, inside it, so that a rename is all that is left.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        root = Path(parts.path)
        root.mkdir(parents=True, exist_ok=True)
        return Storage(LocalStore(root, automatic_cleanup=False), incoming=root / "incoming", local_root=root)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    public = query.get("public_endpoint")
    store = _bucket(parts.netloc, parts.path, query)
    reachable = None if public is None else _bucket(parts.netloc, parts.path, query | {"endpoint": public})
    return Storage(store, incoming=scratch or Path(gettempdir()) / "studium-incoming", public=reachable)


def public_origin(url: str) -> str | None:
    """The origin of the addresses that `presigned` gives out; None for a folder, which gives out none."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return None
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    region = query.get("region", os.environ.get("AWS_REGION", "us-east-1"))
    endpoint = query.get("public_endpoint") or query.get("endpoint") or f"https://s3.{region}.amazonaws.com"
    found = urlsplit(endpoint)
    return f"{found.scheme}://{found.netloc}"


def _bucket(name: str, prefix: str, query: Mapping[str, str]) -> S3Store:
    config: dict[str, Any] = {"region": query.get("region", os.environ.get("AWS_REGION", "us-east-1"))}
    if "endpoint" in query:
        config["endpoint"] = query["endpoint"]
        config["virtual_hosted_style_request"] = False
    config |= {key: query[key] for key in ("access_key_id", "secret_access_key") if key in query}
    options: Any = {**_PATIENCE, "allow_http": query.get("endpoint", "").startswith("http://")}
    folder = prefix.strip("/") or None
    return S3Store(name, prefix=folder, client_options=options, retry_config=_RETRIES, **config)
