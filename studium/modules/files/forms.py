"""The form of an upload, read as a stream: the file's bytes are handed on, the rest is a few short fields."""

from dataclasses import dataclass, field

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from studium.kit.base.problems import FieldError, InvalidInput, MalformedBody, UnsupportedMediaType

FILE = "file"
LONGEST_FIELD = 100
_FORM = b"multipart/form-data"
_UNNAMED = ""
"""The name of an unknown field is the caller's text, and no answer repeats it."""


@dataclass(slots=True)
class _Part:
    """A part whose end has not been seen yet."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    text: bytearray = field(default_factory=bytearray)


class FormReader:
    """Feed it the body; `filename` and `fields` (as texts, by name, of those `known`) fill as it goes.

    Raises UnsupportedMediaType for what is no multipart form, MalformedBody for a broken one, and InvalidInput for
    unknown, repeated or over-long fields, for all of them at once when they are met.
    """

    def __init__(self, content_type: str, known: tuple[str, ...]) -> None:
        self._known = (FILE, *known)
        if not content_type:
            raise invalid(FILE, "missing", "Send the file as multipart/form-data.")
        kind, options = parse_options_header(content_type)
        if kind != _FORM:
            message = "Send the file as multipart/form-data."
            raise UnsupportedMediaType(message)
        self.filename: str | None = None
        self.fields: dict[str, str] = {}
        self._ended = False
        self._part = _Part()
        self._header = bytearray()
        self._value = bytearray()
        self._file: list[bytes] = []
        self._parser = self._new_parser(options.get(b"boundary", b""))

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        if not boundary:
            message = "The Content-Type names no boundary."
            raise MalformedBody(message)
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise _broken() from None

    def feed(self, data: bytes) -> list[bytes]:
        """Read a piece of the body and return the file's bytes in it."""
        self._file = []
        try:
            self._parser.write(data)
        except FormParserError:
            raise _broken() from None
        return self._file

    def finish(self) -> None:
        """Raise MalformedBody when the form broke off, InvalidInput when there was no file in it."""
        if not self._ended:
            raise _broken()
        if self.filename is None:
            raise invalid(FILE, "missing", "Send a file with a name.")

    def _on_part_begin(self) -> None:
        self._part = _Part()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._part.headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._part.headers.get(b"content-disposition", b"").decode("latin-1"))
        if kind != b"form-data":
            raise _broken()
        name = self._part.name = _text(options.get(b"name", b""))
        if name not in self._known:
            raise invalid(_UNNAMED, "unknown_field", "Unknown field.")
        if name in self.fields or (name == FILE and self.filename is not None):
            raise invalid(name, "given_twice", "Given more than once.")
        if name == FILE:
            self.filename = _text(options.get(b"filename", b"")) or None
            if self.filename is None:
                raise invalid(FILE, "missing", "Send a file with a name.")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == FILE:
            self._file.append(data[start:end])
            return
        self._part.text += data[start:end]
        if len(self._part.text) > LONGEST_FIELD:
            raise invalid(self._part.name, "too_long", f"Send at most {LONGEST_FIELD} characters.")

    def _on_part_end(self) -> None:
        if self._part.name != FILE:
            self.fields[self._part.name] = _text(bytes(self._part.text))

    def _on_end(self) -> None:
        self._ended = True


def _broken() -> MalformedBody:
    return MalformedBody("The form is broken or not complete.")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def invalid(name: str, code: str, detail: str) -> InvalidInput:
    """The problem of one wrong field of the form."""
    return InvalidInput([FieldError("form", f"/{name}" if name else "", code, detail)])


def invalid_fields(error: ValidationError) -> InvalidInput:
    """The problem of fields that are there but not as they should be."""
    return InvalidInput(
        [
            FieldError("form", f"/{item['loc'][0]}", str(item["type"]), str(item["msg"])[:200])
            for item in error.errors(include_input=False, include_url=False)
        ]
    )
