"""A CSV file, read row by row with bounds: what it is written in, where it breaks, and what stands in which line.

All of this is plain work on a file, done in threads; memory does not grow with the file.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import IncrementalNewlineDecoder
from itertools import islice
from pathlib import Path

from studium.modules.exchange.people.columns import Header, read_header
from studium.modules.exchange.people.errors import InvalidCsv

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
MOST_LINE = 32_768
"""Characters of a line; of a cell, too."""

_CHUNK = 65_536
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OTHERS = {
    b"PK": "a ZIP archive, as .xlsx and .ods are too",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{": "JSON",
    b"[": "JSON",
    b"<": "a page or XML",
}


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a line by their columns, trimmed. `fits` is false where there are more cells than columns."""

    line: int
    cells: dict[str, str]
    fits: bool


class Source:
    """A file whose header was found good; `rows` may be read as often as wanted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoding, self._begin = _encoding_of(path)
        first = next(_lines(path, self._encoding, self._begin), "")
        self.header: Header = read_header(first)

    def rows(self) -> Iterator[Row]:
        """Every row that is not empty; raise InvalidCsv where the file breaks, or is longer than a file may be."""
        reader = csv.reader(
            _lines(self._path, self._encoding, self._begin), delimiter=self.header.separator, strict=True
        )
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise _broken(line, error) from None
            if cells is None:
                return
            trimmed = [cell.strip() for cell in cells]
            if line == 1 or not any(trimmed):
                continue
            number += 1
            if number > MOST_ROWS:
                code, detail = "too_many_rows", f"A file may have {MOST_ROWS:,} rows; send the rest as another one."
                raise InvalidCsv(code, detail)
            columns = self.header.columns
            yield Row(line, dict(zip(columns, trimmed, strict=False)), fits=not any(trimmed[len(columns) :]))

    def batches(self, size: int) -> Iterator[list[Row]]:
        """The rows, some at a time."""
        rows = self.rows()
        while batch := list(islice(rows, size)):
            yield batch


def check_file(path: Path) -> int:
    """How many rows the file has, when all of it was read once; raise InvalidCsv where it cannot be read to its end."""
    many = sum(1 for _ in Source(path).rows())
    if not many:
        code, detail = "no_rows", "There is nobody in the file: below its header it is empty."
        raise InvalidCsv(code, detail)
    return many


def _broken(line: int, error: csv.Error) -> InvalidCsv:
    if "field larger" in str(error) or "unexpected end" in str(error):
        return InvalidCsv("open_quote", f"The cell that begins with a quotation mark in line {line} has no end.")
    return InvalidCsv("broken_quotes", f"In line {line} a quotation mark stands where none may: write it twice.")


def _encoding_of(path: Path) -> tuple[str, int]:
    """The encoding, and where the text begins."""
    with path.open("rb") as file:
        head = file.read(8)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    for beginning, what in _OTHERS.items():
        if head.startswith(beginning):
            code, detail = "no_csv", f"This is {what}, not CSV: save the table as CSV (UTF-8)."
            raise InvalidCsv(code, detail)
    return "utf-8", 0


def _lines(path: Path, encoding: str, begin: int) -> Iterator[str]:
    """The lines with their ends, of whatever kind these are in the file."""
    newlines, rest, number = IncrementalNewlineDecoder(None, translate=True), "", 0
    for text in _texts(path, encoding, begin):
        pieces = (rest + str(newlines.decode(text, final=not text))).split("\n")
        rest = pieces.pop()
        for piece in pieces:
            number += 1
            _bound(piece, number)
            yield piece + "\n"
        _bound(rest, number + 1)
    if rest:
        yield rest


def _bound(piece: str, number: int) -> None:
    if len(piece) > MOST_LINE:
        code, detail = "line_too_long", f"Line {number} is longer than {MOST_LINE:,} characters."
        raise InvalidCsv(code, detail)


def _texts(path: Path, encoding: str, begin: int) -> Iterator[str]:
    """The text piece by piece, with an empty one at its end; raise InvalidCsv with the byte where it is no text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        file.seek(begin)
        place, chunk = begin, b"-"
        while chunk:
            chunk = file.read(_CHUNK)
            kept = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise _undecodable(encoding, place - len(kept) + error.start) from None
            if "\0" in text:
                at = place - len(kept) + len(text[: text.index("\0")].encode(encoding))
                code, detail = "nul", f"Byte {at + 1} is NUL, which no CSV has; UTF-16 needs its mark (BOM)."
                raise InvalidCsv(code, detail)
            place += len(chunk)
            if text:
                yield text
        yield ""


def _undecodable(encoding: str, at: int) -> InvalidCsv:
    name = "UTF-8" if encoding == "utf-8" else "UTF-16"
    detail = f"Byte {at + 1} is not {name}: save the file as CSV in UTF-8, all of it in one encoding."
    return InvalidCsv("wrong_encoding", detail)
