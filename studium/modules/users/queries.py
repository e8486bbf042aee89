"""Reading people: for themselves and for admins."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.pages import Order, Page, PageQuery, paginate
from studium.kit.problems import NotFound
from studium.models import Role, User
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
        if self.q:
            wanted.append(_matches(self.q))
        return wanted


def _matches(text: str) -> ColumnElement[bool]:
    """Every word stands in the name or the address; `%` and `_` mean themselves."""
    words = [
        or_(User.full_name.icontains(word, autoescape=True), User.email.icontains(word, autoescape=True))
        for word in text.split()
    ]
    return and_(True, *words)  # noqa: FBT003 -- the neutral element, for a text of blanks.


async def user_page(session: AsyncSession, wanted: UserFilter, page: PageQuery) -> Page[UserResponse]:
    """One page of people, newest first."""
    statement = select(User).where(*wanted.conditions())
    return await paginate(
        session, statement, order=_NEWEST, page=page, name="users", item=lambda row: UserResponse.of(row[0])
    )


async def user_by_id(session: AsyncSession, user_id: UUID) -> User:
    """A person; raise NotFound where there is none."""
    user = await session.get(User, user_id)
    if user is None:
        raise _nobody()
    return user


async def identity(session: AsyncSession, user_id: UUID) -> tuple[str, str]:
    """A person's address and name; raise NotFound where there is none."""
    row = (await session.execute(select(User.email, User.full_name).where(User.id == user_id))).one_or_none()
    if row is None:
        raise _nobody()
    return row.email, row.full_name


def _nobody() -> NotFound:
    return NotFound("There is no such person.")
