"""What a browser may do with a page: the same for every page of a school, but for lessons with a foreign player."""

from functools import lru_cache

from studium.kit.base.config import Settings
from studium.kit.storage import public_origin

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; "
    "media-src 'self' https:{media}; "
    "font-src 'self'; connect-src 'self'{media}; form-action 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types studium"
)


@lru_cache(maxsize=16)
def _written(hosts: tuple[str, ...], storage_url: str) -> str:
    origin = public_origin(storage_url)
    bucket = "" if origin is None else f" {origin}"
    return _POLICY.format(pictures="".join(f" https://{host}" for host in hosts) + bucket, media=bucket)


def policy(settings: Settings, frame: str | None = None) -> str:
    """The Content-Security-Policy of the pages; with `frame`, an origin, one of a page that may show frames from there.

    Pictures may come from the hosts that the settings name besides, pictures and videos from the bucket: there a file's
    own address leads, also that of a picture which is kept for reading without a connection.
    """
    written = _written(settings.picture_hosts, settings.storage_url)
    return written if frame is None else f"{written}; frame-src {frame}"
