"""What a row will do to the person that it is about: the rules of identity, and what no import may touch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from studium.kit.base.ids import new_id
from studium.kit.base.languages import DEFAULT
from studium.models import EnrollmentStatus, InviteMode, PlannedAction, Role, Source
from studium.modules.enrollments.arrivals.actions import BY_THE_SCHOOL
from studium.modules.exchange.people.persons import PersonRow, RowError, wrong

_FIELDS = ("email", "full_name", "role", "language", "external_id", "is_active")
_TAKEN_BACK = frozenset({EnrollmentStatus.DROPPED, EnrollmentStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who has an account."""

    id: UUID
    email: str
    full_name: str
    role: Role
    language: str | None
    external_id: str | None
    is_active: bool
    email_verified_at: datetime | None
    source: Source | None
    invited_at: datetime | None
    version: int

    @property
    def is_vouched_for(self) -> bool:
        """Whether the address is known to be the person's: proved, or given by the school itself."""
        return self.email_verified_at is not None or self.source in BY_THE_SCHOOL


@dataclass(slots=True)
class Facts:
    """What the database says about the people and courses of some rows, and which cells the file has twice."""

    by_email: Mapping[str, Known]
    by_external_id: Mapping[str, Known]
    courses: Mapping[str, UUID]
    enrolled: Mapping[UUID, Mapping[UUID, EnrollmentStatus]]
    owners: frozenset[UUID]
    repeated: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True)
class Verdict:
    """What a row will do. `changes` are `{field, before, after}`; without any, and no invitation, nothing."""

    line: int
    action: PlannedAction
    user_id: UUID | None = None
    version: int | None = None
    wanted: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    error: RowError | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether the row changes nothing."""
        return self.action is PlannedAction.CHANGE and not self.changes


def judge(row: PersonRow, facts: Facts, invite: InviteMode) -> Verdict:
    """The verdict about a row."""
    try:
        return _judge(row, facts, invite)
    except RowError as error:
        return Verdict(row.line, PlannedAction.ERROR, error=error)


def _judge(row: PersonRow, facts: Facts, invite: InviteMode) -> Verdict:
    for column in ("email", "external_id"):
        if (column, getattr(row, column)) in facts.repeated:
            code = "duplicate_email" if column == "email" else "duplicate_external_id"
            raise wrong(
                on=column, code=code, detail="Another row of the file names the same; none of them is carried out."
            )
    person = _person(row, facts)
    courses = _courses(row, facts)
    if person is None:
        return _creation(row, courses, invite)
    return _change(row, person, courses, facts, invite)


def _person(row: PersonRow, facts: Facts) -> Known | None:
    """Whom the row is about: by the external id, then by the address. Two people are an error, never a guess."""
    named = facts.by_external_id.get(row.external_id or "")
    addressed = facts.by_email.get(row.email or "")
    if named is not None and addressed is not None and named.id != addressed.id:
        raise wrong(
            on="external_id", code="two_matches", detail="The external id is one person's and the address another's."
        )
    if named is None and addressed is not None and addressed.external_id and row.external_id:
        raise wrong(
            on="external_id", code="two_matches", detail="The person with this address has another external id."
        )
    return named or addressed


def _courses(row: PersonRow, facts: Facts) -> dict[str, UUID]:
    unknown = [name for name in row.courses if name not in facts.courses]
    if unknown:
        raise wrong(
            on="courses", code="unknown_course", detail="A course is not known: name courses by their slugs or ids."
        )
    return {name: facts.courses[name] for name in row.courses}


def _creation(row: PersonRow, courses: Mapping[str, UUID], invite: InviteMode) -> Verdict:
    if row.role is Role.ADMIN:
        raise _admin_row()
    if row.email is None:
        raise wrong(
            on="email", code="email_missing", detail="Nobody has this external id, and a new person needs an address."
        )
    if row.full_name is None:
        raise wrong(
            on="full_name",
            code="full_name_missing",
            detail="Nobody has this address yet, and a new person needs a name.",
        )
    role = row.role or Role.STUDENT
    if courses and role is not Role.STUDENT:
        raise _students_only()
    wanted = {name: getattr(row, name) for name in _FIELDS if getattr(row, name) is not None}
    wanted |= {"role": role, "is_active": row.is_active is not False}
    changes = [{"field": name, "before": None, "after": value} for name, value in wanted.items()]
    if courses:
        changes.append(_enrolment(courses))
    is_invited = invite is not InviteMode.NONE and wanted["is_active"]
    if is_invited:
        changes.append(_invitation())
    wanted |= {"courses": [str(course) for course in courses.values()], "invite": is_invited}
    return Verdict(row.line, PlannedAction.CREATE, new_id(), None, wanted, changes)


def _change(row: PersonRow, person: Known, courses: Mapping[str, UUID], facts: Facts, invite: InviteMode) -> Verdict:
    wanted = dict(_differences(row, person))
    status = facts.enrolled.get(person.id, {})
    entering = {
        name: course for name, course in courses.items() if status.get(course, EnrollmentStatus.DROPPED) in _TAKEN_BACK
    }
    changes = [{"field": name, "before": getattr(person, name), "after": value} for name, value in wanted.items()]
    if entering:
        changes.append(_enrolment(entering))
    is_active = wanted.get("is_active", person.is_active)
    never_in = person.invited_at is None and person.email_verified_at is None
    is_invited = invite is InviteMode.ALL and is_active and never_in and person.source in BY_THE_SCHOOL
    if is_invited:
        changes.append(_invitation())
    verdict = Verdict(row.line, PlannedAction.CHANGE, person.id, person.version, wanted, changes)
    if changes:
        _require_allowed(row, person, wanted, entering, facts)
    wanted |= {"courses": [str(course) for course in entering.values()], "invite": is_invited}
    return verdict


def _differences(row: PersonRow, person: Known) -> Iterable[tuple[str, Any]]:
    for name in _FIELDS:
        said, present = getattr(row, name), getattr(person, name)
        if name == "language" and said == DEFAULT and present is None:
            continue
        if said is not None and said != present:
            yield name, said


def _require_allowed(
    row: PersonRow, person: Known, wanted: Mapping[str, Any], entering: Mapping[str, UUID], facts: Facts
) -> None:
    """Raise RowError for what no import may change."""
    if person.role is Role.ADMIN or row.role is Role.ADMIN:
        raise _admin_row()
    if not person.is_vouched_for and (person.external_id is None or row.external_id != person.external_id):
        detail = "An account with this address waits for its owner to confirm it, and is not touched before."
        raise wrong(on="email", code="address_not_confirmed", detail=detail)
    if "email" in wanted and person.email_verified_at is not None:
        raise wrong(
            on="email", code="address_differs", detail="The owner has confirmed another address, and changes it alone."
        )
    if wanted.get("role") is Role.STUDENT and person.id in facts.owners:
        raise wrong(on="role", code="owns_courses", detail="The person owns courses: give them to somebody else first.")
    if entering and wanted.get("role", person.role) is not Role.STUDENT:
        raise _students_only()


def _enrolment(courses: Mapping[str, UUID]) -> dict[str, Any]:
    return {"field": "courses", "before": None, "after": " ".join(courses)}


def _invitation() -> dict[str, Any]:
    return {"field": "invitation", "before": None, "after": "mail"}


def _admin_row() -> RowError:
    return RowError("role", "admin_row", "Admins are neither made nor changed nor removed by an import.")


def _students_only() -> RowError:
    return RowError("courses", "students_only", "Only students are enrolled in courses.")
