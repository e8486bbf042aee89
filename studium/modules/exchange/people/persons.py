"""What a row says about a person, read by the rules of each field; or the first thing that is wrong with it."""

import re
from dataclasses import dataclass, field

from studium.kit.base.languages import spoken
from studium.kit.http.schemas import normalize_name
from studium.kit.text.csv_text import restored
from studium.kit.text.email_addresses import normalise_email
from studium.models import Role
from studium.modules.exchange.people.source import Row

NAME_MIN, NAME_MAX = 2, 255
COURSES_MAX = 500
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_BETWEEN = re.compile(r"[\s|;,]+")


class RowError(Exception):
    """Why a row is not carried out: the column, a code, and a sentence that never repeats the cell."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.code, self.detail = field, code, detail


def wrong(*, on: str, code: str, detail: str) -> RowError:
    """The error of a row, about the column `on`."""
    return RowError(on, code, detail)


@dataclass(slots=True)
class PersonRow:
    """A row of the file. None is a cell that says nothing: what it is about stays as it is."""

    line: int
    email: str | None = None
    full_name: str | None = None
    role: Role | None = None
    language: str | None = None
    external_id: str | None = None
    is_active: bool | None = None
    courses: list[str] = field(default_factory=list)
    """Slugs or ids."""


def read_person(row: Row) -> PersonRow | RowError:
    """What the row says, or what is wrong with it."""
    try:
        return _read(row)
    except RowError as error:
        return error


def _read(row: Row) -> PersonRow:
    if not row.fits:
        raise wrong(on="", code="too_many_cells", detail="The row has more cells than the header has columns.")
    said = {column: restored(cell) for column, cell in row.cells.items() if cell}
    person = PersonRow(row.line)
    if "email" in said:
        person.email = _address(said["email"])
    names = [said[part] for part in ("full_name", "given_name", "family_name") if part in said]
    if names:
        person.full_name = _text("full_name", " ".join(names), NAME_MIN)
    if "external_id" in said:
        person.external_id = read_external_id(row)
    if "role" in said:
        person.role = _role(said["role"])
    if "language" in said:
        person.language = spoken(said["language"])
        if person.language is None:
            raise wrong(
                on="language", code="unknown_language", detail="The language is none that Studium speaks: en, ar."
            )
    if "is_active" in said:
        person.is_active = _truth(said["is_active"])
    person.courses = _courses(said.get("courses", ""))
    if person.email is None and person.external_id is None:
        raise wrong(on="email", code="no_identity", detail="Neither an address nor an external id says who this is.")
    return person


def read_external_id(row: Row) -> str | None:
    """The external id of a row; None for an empty cell. Raises RowError."""
    cell = row.cells.get("external_id")
    return _text("external_id", restored(cell), 1) if cell else None


def _address(text: str) -> str:
    try:
        return normalise_email(text)
    except ValueError:
        raise wrong(on="email", code="invalid_email", detail="This is no e-mail address.") from None


def _text(column: str, text: str, least: int) -> str:
    try:
        found = normalize_name(text)
    except ValueError:
        detail = "Control characters, changes of direction, piled marks, blank and very long texts are not taken."
        raise wrong(on=column, code=f"invalid_{column}", detail=detail) from None
    if not least <= len(found) <= NAME_MAX:
        raise wrong(on=column, code=f"invalid_{column}", detail=f"It has to have {least} to {NAME_MAX} characters.")
    return found


def _role(text: str) -> Role:
    try:
        return Role(text.lower())
    except ValueError:
        raise wrong(on="role", code="unknown_role", detail="The role is student or instructor.") from None


def _truth(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise wrong(on="is_active", code="unknown_truth", detail="Say true or false.")


def _courses(text: str) -> list[str]:
    """Slugs or ids, between which stand spaces, commas, semicolons or bars; each once."""
    found = list(dict.fromkeys(part.lower() for part in _BETWEEN.split(text) if part))
    if len(found) > COURSES_MAX:
        raise wrong(on="courses", code="too_many_courses", detail=f"A row names at most {COURSES_MAX} courses.")
    return found
