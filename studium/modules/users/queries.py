"""Reading people: for themselves and for admins."""

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.kit.db.search import matches, parse
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import Role, User, UserWords
from studium.modules.users.schemas import UserResponse

_NEWEST = (Order(User.created_at), Order(User.id))


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What narrows the list of people; None leaves a dimension open."""

    role: Role | None = None
    is_active: bool | None = None
    q: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The WHERE terms."""
        wanted: list[ColumnElement[bool]] = []
        if self.role is not None:
            wanted.append(User.role == self.role)
        if self.is_active is not None:
            wanted.append(User.is_active.is_(self.is_active))
        if self.q and self.q.strip():
            wanted.append(_matches(self.q))
        return wanted

    def named(self) -> dict[str, object]:
        """The same as the record names it."""
        return {"role": self.role, "account": self.is_active, "q": self.q}


def _matches(text: str) -> ColumnElement[bool]:
    """Every word begins a word of the name or stands anywhere in the address; one with an @ there, as it is."""
    found = select(UserWords.user_id).where(matches(UserWords.words, parse(text).beginnings()))
    addresses = [User.email.icontains(word, autoescape=True) for word in text.split() if "@" in word]
    return and_(User.id.in_(found), *addresses)


_OWN = [User.__table__.c[name] for name in UserResponse.model_fields]
_ONE = PreparedStatement(select(*_OWN).where(User.id == bindparam("user_id", type_=Uuid())))


@cache
def _people(wanted: UserFilter) -> PagedRead[UserResponse]:
    """The list narrowed in one way. Searches are not kept: each is compiled for itself."""
    return PagedRead(select(*_OWN).where(*wanted.conditions()), order=_NEWEST, name="users", of=UserResponse)


async def user_page(reads: QueryExecutor, wanted: UserFilter, page: PageQuery) -> Page[UserResponse]:
    """One page of people, newest first. One hot read."""
    kept = _people.__wrapped__(wanted) if wanted.q else _people(wanted)
    return await kept.page(reads, page)


async def shown_user(reads: QueryExecutor, user_id: UUID) -> UserResponse:
    """A person as they and admins see them; raise NotFound where there is none. One hot read."""
    row = await reads.one(_ONE, user_id=user_id)
    if row is None:
        raise _nobody()
    return UserResponse.of_record(row)


async def shown_self(reads: QueryExecutor, actor: Actor) -> UserResponse:
    """The caller, whose row is there: accounts are deactivated, never deleted."""
    row = await reads.one(_ONE, user_id=actor.id)
    assert row is not None  # noqa: S101 -- the permission has just read it.
    return UserResponse.of_record(row)


async def user_by_id(session: AsyncSession, user_id: UUID) -> User:
    """A person; raise NotFound where there is none."""
    user = await session.get(User, user_id)
    if user is None:
        raise _nobody()
    return user


async def own_identity(session: AsyncSession, actor: Actor) -> tuple[str, str]:
    """The caller's own address and name."""
    row = (await session.execute(select(User.email, User.full_name).where(User.id == actor.id))).one()
    return row.email, row.full_name


async def identity(session: AsyncSession, user_id: UUID) -> tuple[str, str]:
    """A person's address and name; raise NotFound where there is none."""
    row = (await session.execute(select(User.email, User.full_name).where(User.id == user_id))).one_or_none()
    if row is None:
        raise _nobody()
    return row.email, row.full_name


def _nobody() -> NotFound:
    return NotFound("There is no such person.")
