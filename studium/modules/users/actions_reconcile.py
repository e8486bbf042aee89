"""Who must be there: `studium reconcile --invariants` looks for it."""

from sqlalchemy import func, select

from studium.kit.db.invariants import Invariant
from studium.models import Role, User, UserWords

INVARIANTS = (
    Invariant(
        8,
        "there are {people} people and no active admin: make one with `studium create-admin`",
        select(func.count().label("people"))
        .select_from(User)
        .having(func.count() > 0, func.count().filter(User.is_active, User.role == Role.ADMIN) == 0),
    ),
    Invariant(
        9,
        "person {id} has no words to be found by",
        select(User.id).outerjoin(UserWords, UserWords.user_id == User.id).where(UserWords.user_id.is_(None)),
    ),
)
