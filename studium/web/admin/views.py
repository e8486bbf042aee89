"""What the pages of the school's admins show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from markupsafe import Markup

from studium.models import EnrollmentStatus, ErasedCertificates
from studium.modules.analytics.schemas import SystemOverviewOut
from studium.modules.exchange.people.schemas import PeopleImportOut
from studium.modules.privacy.schemas import ErasureOut
from studium.modules.users.queries_named import Named, Thing
from studium.modules.users.schemas import AuditEventOut, UserResponse
from studium.web.account.routes import Device
from studium.web.admin.record import audit_action, audit_details, audit_target
from studium.web.translations import Translations


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the list of people shows them."""

    of: UserResponse

    @property
    def state(self) -> str:
        """One of `erased`, `inactive`, `invited` (was never here) and `active`."""
        if self.of.erased_at is not None:
            return "erased"
        if not self.of.is_active:
            return "inactive"
        return "invited" if self.of.last_login_at is None and self.of.email_verified_at is None else "active"


@dataclass(frozen=True, slots=True)
class PeopleView:
    """A page of people, and what it was asked for by: `query` stands in the address."""

    people: list[Person]
    total: int
    query: Mapping[str, str]
    next_cursor: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person, where they are logged in, and whether they are to be forgotten."""

    person: Person
    is_own: bool
    devices: list[Device] = field(default_factory=list)
    erasure: ErasureOut | None = None

    @property
    def path(self) -> str:
        """The address of the person's page."""
        return f"/admin/people/{self.person.of.id}"

    @property
    def is_pending(self) -> bool:
        """Whether an erasure is asked for that may still be cancelled."""
        return self.erasure is not None and self.erasure.done_at is None


@dataclass(frozen=True, slots=True)
class ErasingView:
    """The question before a person is forgotten."""

    person: Person
    certificates: ErasedCertificates

    @property
    def path(self) -> str:
        """The address of the person's page."""
        return f"/admin/people/{self.person.of.id}"


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import of people, and which of its rows are shown: all, or those that do `show`."""

    of: PeopleImportOut
    show: str
    is_first: bool

    @property
    def state(self) -> str:
        """How far it is."""
        return self.of.status.value

    @property
    def goes_on(self) -> bool:
        """Whether something of it is being done now."""
        return self.state in {"queued", "planning", "applying"}

    @property
    def counts(self) -> Mapping[str, int]:
        """What was done, where it was; else what would be."""
        return {
            **dict.fromkeys(("create", "change", "unchanged", "error", "enrollments", "invitations"), 0),
            **self._known,
        }

    @property
    def _known(self) -> Mapping[str, int]:
        return {**(self.of.counts or {}), **(self.of.applied or {})}

    @staticmethod
    def cell(value: object) -> str:
        """A value as it stands in the file."""
        text = "" if value is None else str(value)
        return text.lower() if isinstance(value, bool) else text


@dataclass(frozen=True, slots=True)
class SchoolView:
    """The school in figures: its trend over days, weeks or months, and what draws it."""

    of: SystemOverviewOut
    span: str
    days: list[str]
    begun: list[int]
    done: list[int]
    drawn: Callable[[str, list[int]], str]

    @property
    def active(self) -> int:
        """How many enrollments are under way."""
        return self.of.enrollments.get(EnrollmentStatus.ACTIVE, 0)


@dataclass(frozen=True, slots=True)
class RecordView:
    """A page of the record of who did what, with what the people and things in it are called."""

    events: list[AuditEventOut]
    named: Mapping[Thing, Named]
    query: Mapping[str, str]
    next_cursor: str | None
    is_first: bool

    def action(self, words: Translations, action: str) -> str:
        """What was done, in words."""
        return audit_action(words, action)

    def target(self, words: Translations, event: AuditEventOut) -> Markup:
        """What an entry is about, with the way there."""
        return audit_target(words, event, self.named)

    def details(self, words: Translations, event: AuditEventOut) -> Markup:
        """What else an entry tells, as a line."""
        return audit_details(words, event, self.named)

    def name(self, user_id: UUID | None) -> str:
        """What somebody is called; empty for nobody who is known."""
        found = None if user_id is None else self.named.get(("user", user_id))
        return "" if found is None else found.name

    def filtered(self, member: str) -> str:
        """What a filter of the address is about is called."""
        wanted = self.query.get(member, "")
        return next((found.name for (_, one), found in self.named.items() if str(one) == wanted), "")
