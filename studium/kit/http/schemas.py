"""The vocabulary of requests and answers: strict input, plain output, and the types that every module shares."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

from studium.kit.base.problems import FieldNotAllowed
from studium.kit.db.prepared import Record
from studium.kit.text.combining_marks import composed, without_piles
from studium.kit.text.links import is_own_file
from studium.kit.text.visible import shows_something

METADATA_MAX_BYTES = 16_384
METADATA_MAX_DEPTH = 5
METADATA_MAX_KEYS = 64
URL_MAX = 500
UNTIDY_MAX = 2_000
"""Characters of a name before it is tidied; what is longer is refused unread."""
BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_TEXT_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class RequestModel(BaseModel):
    """What a caller sends: unknown members are refused, nothing is coerced.

    Members in `not_allowed` are known but would be an escalation or a forgery here: 403 FieldNotAllowed.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    not_allowed: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _refuse_forgery(cls, value: object) -> object:
        if cls.not_allowed and isinstance(value, Mapping):
            forged = sorted(cls.not_allowed & value.keys())
            if forged:
                raise FieldNotAllowed(forged[0])
        return value


class PatchModel(RequestModel):
    """A partial change: only the members that were sent count."""

    def changes(self) -> dict[str, Any]:
        """The members that were sent, by name; an empty PATCH gives an empty dictionary."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def unset() -> Any:  # noqa: ANN401 -- it stands for a value of any type that was not sent.
    """The default of a Patch member that may be left out but not be null."""
    return Field(default_factory=lambda: None)


class ResponseModel(BaseModel):
    """What a caller gets; reads attributes of rows."""

    # Whatever has a default is in the answer all the same, and clients may count on it.
    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)

    @classmethod
    def of_record(cls, row: Record) -> Self:
        """The answer whose members are columns of a hot read's row, by their names."""
        return cls(**{str(field.validation_alias or name): row[name] for name, field in cls.model_fields.items()})


def _without_controls(value: str) -> str:
    if _CONTROLS.search(value) or BIDI_OVERRIDES.intersection(value):
        message = "must not contain control or direction-override characters"
        raise ValueError(message)
    return value


def _text_controls(value: str) -> str:
    if _TEXT_CONTROLS.search(without_piles(value)):
        message = "must not contain control characters"
        raise ValueError(message)
    return value


def normalize_name(value: str) -> str:
    """Return a name or title in NFC, trimmed; raise ValueError on control or override characters and piled marks.

    So it does for one that shows nothing; an empty one is left to whoever measures it. One of more than 2,000
    characters is refused (`string_too_long`) before it is looked at.
    """
    if len(value) > UNTIDY_MAX:
        raise PydanticKnownError("string_too_long", {"max_length": UNTIDY_MAX})  # noqa: EM101 -- a kind, not a sentence.
    tidy = _without_controls(composed(without_piles(value)).strip())
    return require_shown(tidy) if tidy else tidy


def require_shown(value: str) -> str:
    """Return a text of which something is seen; raise ValueError for one of zero-width characters and blanks."""
    if not shows_something(value):
        message = "must not be blank"
        raise ValueError(message)
    return value


def _tidy_before(value: object) -> object:
    """Tidy before the length is measured, so that `"  a "` counts as one character."""
    return normalize_name(value) if isinstance(value, str) else value


def _refuse_text(value: object) -> object:
    if isinstance(value, str | bool):
        message = "must be a number"
        raise ValueError(message)  # noqa: TRY004 -- pydantic turns only ValueErrors into a 422.
    return Decimal(str(value)) if isinstance(value, float) else value


def _only_text(value: object) -> object:
    if not isinstance(value, str):
        message = "must be a text in RFC 3339"
        raise ValueError(message)  # noqa: TRY004 -- pydantic turns only ValueErrors into a 422.
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        message = "must name its offset from UTC"
        raise ValueError(message)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        message = "must be a time of the years 1 to 9999 in UTC"
        raise ValueError(message) from None


def _safe_url(value: str) -> str:
    """Allow https addresses and our own files; refuse userinfo, odd ports and whitespace. Never fetched."""
    if is_own_file(value):
        return value
    if not value.isascii() or not value.isprintable() or set(value) & set(" \\<>\"'"):
        message = "must be a plain https address"
        raise ValueError(message)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        message = "must be an https address without user information, or one of our own files"
        raise ValueError(message)
    return value


def _count_keys(value: object, depth: int) -> int:
    if depth > METADATA_MAX_DEPTH:
        message = f"must not nest deeper than {METADATA_MAX_DEPTH} levels"
        raise ValueError(message)
    if isinstance(value, dict):
        return len(value) + sum(_count_keys(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return sum(_count_keys(item, depth + 1) for item in value)
    return 0


def _bounded_metadata(value: dict[str, Any]) -> dict[str, Any]:
    if _count_keys(value, 1) > METADATA_MAX_KEYS:
        message = f"must not have more than {METADATA_MAX_KEYS} keys in all"
        raise ValueError(message)
    if len(json.dumps(value, ensure_ascii=False).encode()) > METADATA_MAX_BYTES:
        message = f"must not be larger than {METADATA_MAX_BYTES} bytes"
        raise ValueError(message)
    return value


Id = Annotated[UUID, Field(strict=False)]
"""A UUID, sent as text."""

Instant = Annotated[datetime, BeforeValidator(_only_text), Field(strict=False), AfterValidator(_aware)]
"""An RFC 3339 instant with its offset; kept in UTC."""

Name = Annotated[str, BeforeValidator(_tidy_before), Field(min_length=2, max_length=255)]
"""A person's name: NFC, trimmed, 2..255 characters, not blank, no control or bidi-override characters."""

Title = Annotated[str, BeforeValidator(_tidy_before), Field(min_length=1, max_length=255)]
"""A title: as Name, from one character."""

Label = Annotated[str, BeforeValidator(_tidy_before), Field(min_length=1, max_length=100)]
"""A short label such as a category: as Title, up to 100 characters."""

STRICT_TEXT = AfterValidator(_text_controls)
"""What every text of several lines goes through, behind a `Field` that bounds its length: no control characters but for
line ends and tabs, no piled marks."""

SHOWN_TEXT = AfterValidator(require_shown)
"""What a text goes through that must not be blank."""

MultilineText = Annotated[str, Field(max_length=20_000), STRICT_TEXT]
"""Free text of several lines, up to 20,000 characters."""

MARKDOWN_MAX = 200_000
MarkdownText = Annotated[str, Field(max_length=MARKDOWN_MAX), STRICT_TEXT]
"""The Markdown of a lesson, up to 200,000 characters."""

SafeUrl = Annotated[str, Field(max_length=URL_MAX), AfterValidator(_safe_url)]
"""An https address or one of our own files; up to 500 characters."""

Metadata = Annotated[dict[str, Any], AfterValidator(_bounded_metadata)]
"""Free-form JSON: at most 16 KiB, five levels, 64 keys in all."""

_Exact = Annotated[Decimal, BeforeValidator(_refuse_text), Field(strict=False, max_digits=12, decimal_places=2)]

Percent = Annotated[_Exact, Field(ge=0, le=100)]
"""Percent 0..100 with at most two places, sent as a JSON number."""

Points = Annotated[_Exact, Field(ge=Decimal("0.01"), le=Decimal("999.99"))]
"""The points of one question, 0.01..999.99."""

Marks = Annotated[_Exact, Field(ge=0, le=Decimal("999.99"))]
"""The points given for one answer, 0..999.99."""

Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""A decimal in an answer: a JSON number with at most two places."""


class PersonOut(ResponseModel):
    """A person as everybody may see them: never an e-mail address."""

    id: UUID
    full_name: str
