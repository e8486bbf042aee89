"""The columns of a CSV of people: the same for imports and exports."""

from collections.abc import Sequence
from dataclasses import dataclass

from studium.modules.exchange.people.errors import InvalidCsv
from studium.modules.users.export import COLUMNS

_SAME = {"sourcedid": "external_id", "givenname": "given_name", "familyname": "family_name"}
_PARTS = ("given_name", "family_name")
_KNOWN = frozenset({*COLUMNS, *_SAME})
KNOWN_NAMES = (
    "email, full_name (or givenName, familyName), role, language, external_id (or sourcedId), courses, is_active"
)
_PASSWORDS = frozenset(
    {"password", "passwd", "pwd", "pass", "passwort", "kennwort", "mot de passe", "contraseña", "كلمة المرور"}
)
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Header:
    """Which column stands where, and by what cells are separated."""

    separator: str
    columns: tuple[str, ...]


def read_header(line: str) -> Header:
    """The header in the first line of a file; raise InvalidCsv where it is none that can be used.

    The separator is the one by which most columns are known.
    """
    found = [(separator, _cells(line, separator)) for separator in _SEPARATORS]
    separator, cells = max(found, key=lambda each: sum(cell in _KNOWN for cell in each[1]))
    _require_known(cells)
    columns = tuple(_SAME.get(cell, cell) for cell in cells)
    if len(set(columns)) < len(columns) or ("full_name" in columns and set(_PARTS) & set(columns)):
        code, detail = "column_twice", "Two columns hold the same; keep one of them."
        raise InvalidCsv(code, detail)
    if not {"email", "external_id"} & set(columns):
        code, detail = "no_identity", "A column email or external_id has to say who each row is about."
        raise InvalidCsv(code, detail)
    return Header(separator, columns)


def _cells(line: str, separator: str) -> list[str]:
    cells = [cell.strip().strip('"').strip().lower() for cell in line.strip("\r\n").split(separator)]
    while len(cells) > 1 and not cells[-1]:
        # What spreadsheets leave behind of columns that were emptied.
        cells.pop()
    return cells


def _require_known(cells: Sequence[str]) -> None:
    if any(cell in _PASSWORDS for cell in cells):
        code = "password_column"
        detail = f"Passwords are never imported: people choose their own. Known columns: {KNOWN_NAMES}."
        raise InvalidCsv(code, detail)
    unknown = [number for number, cell in enumerate(cells, 1) if cell not in _KNOWN]
    if len(unknown) == len(cells):
        code, detail = "no_header", f"The first line has to name the columns. Known columns: {KNOWN_NAMES}."
        raise InvalidCsv(code, detail)
    if unknown:
        code, detail = "unknown_column", f"Column {unknown[0]} is not known. Known columns: {KNOWN_NAMES}."
        raise InvalidCsv(code, detail)
