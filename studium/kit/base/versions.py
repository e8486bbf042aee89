"""Versions of rows as entity tags, and the caller's `If-Match` against them."""

from studium.kit.base.problems import PreconditionFailed


def etag_of(version: int) -> str:
    """The entity tag of a version."""
    return f'"v{version}"'


class IfMatchHeader:
    """The caller's `If-Match`, if any. `require` it against the locked row before changing it."""

    __slots__ = ("tags",)

    def __init__(self, header: str | None) -> None:
        self.tags = None if header is None else [tag.strip() for tag in header.split(",")]

    def require(self, version: int) -> None:
        """Raise PreconditionFailed (412) unless the header is absent, `*`, or names `version`."""
        if self.tags is not None and "*" not in self.tags and etag_of(version) not in self.tags:
            detail = "It has changed since you read it; read it again."
            raise PreconditionFailed(detail, version=version)


ANY_VERSION = IfMatchHeader(None)
"""For the system's own changes."""
