"""The vocabulary of requests and answers: strict input, plain output, and the types that every module shares."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from studium.kit.marks import without_piles
from studium.kit.problems import FieldNotAllowed

METADATA_MAX_BYTES = 16_384
METADATA_MAX_DEPTH = 5
METADATA_MAX_KEYS = 64
URL_MAX = 500
_OWN_FILE = re.compile(r"/api/v1/files/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/download)?")
BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_CONTROLS = frozenset("\t\n\r")
_UNKNOWN: set[str] = set()


class Input(BaseModel):
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


class Patch(Input):
    """A partial change: only the members that were sent count."""

    def changes(self) -> dict[str, Any]:
        """The members that were sent, by name; an empty PATCH gives an empty dictionary."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def unset() -> Any:  # noqa: ANN401 -- it stands for a value of any type that was not sent.
    """The default of a Patch member that may be left out but not be null."""
    return Field(default_factory=lambda: None)


class Output(BaseModel):
    """What a caller gets; reads attributes of rows."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def as_is(cls, **values: Any) -> Self:  # noqa: ANN401 -- what each member declares.
        """The answer with these values as they are, for rows of hot reads: checking takes longer than reading them.

        Each must have the type that its member declares; raise TypeError where there are too few or too many.
        """
        if len(values) != len(cls.__pydantic_fields__):
            message = f"{cls.__name__} has {len(cls.__pydantic_fields__)} members"
            raise TypeError(message)
        made = cls.__new__(cls)
        put = object.__setattr__
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", _UNKNOWN)
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made


def _without_controls(value: str) -> str:
    if any(unicodedata.category(char) == "Cc" for char in value) or BIDI_OVERRIDES.intersection(value):
        message = "must not contain control or direction-override characters"
        raise ValueError(message)
    return value


def _text_controls(value: str) -> str:
    without_piles(value)
    if any(unicodedata.category(char) == "Cc" and char not in _LINE_CONTROLS for char in value):
        message = "must not contain control characters"
        raise ValueError(message)
    return value


def tidy_name(value: str) -> str:
    """Return a name or title in NFC, trimmed; raise ValueError on control or override characters and piled marks."""
    return _without_controls(unicodedata.normalize("NFC", without_piles(value)).strip())


def _tidy_before(value: object) -> object:
    """Tidy before the length is measured, so that `"  a "` counts as one character."""
    return tidy_name(value) if isinstance(value, str) else value


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
    return value.astimezone(UTC)


def is_own_file(address: str) -> bool:
    """Whether it is the address of one of our files, written as our answers have it."""
    return _OWN_FILE.fullmatch(address) is not None


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
"""A person's name: NFC, trimmed, 2..255 characters, no control or bidi-override characters."""

Title = Annotated[str, BeforeValidator(_tidy_before), Field(min_length=1, max_length=255)]
"""A title: as Name, from one character."""

Label = Annotated[str, BeforeValidator(_tidy_before), Field(min_length=1, max_length=100)]
"""A short label such as a category: as Title, up to 100 characters."""

Words = Annotated[str, AfterValidator(_text_controls)]
"""Text of any length without control characters, but for line ends and tabs, and without piled marks."""

Paragraphs = Annotated[str, Field(max_length=20_000), AfterValidator(_text_controls)]
"""Free text of several lines, up to 20,000 characters."""

LongText = Annotated[str, Field(max_length=200_000), AfterValidator(_text_controls)]
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


class PersonOut(Output):
    """A person as everybody may see them: never an e-mail address."""

    id: UUID
    full_name: str
