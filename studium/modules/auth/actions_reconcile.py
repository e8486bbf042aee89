"""What no session may be: `studium reconcile --invariants` looks for it."""

from sqlalchemy import func, select

from studium.kit.db.invariants import Invariant
from studium.models import RefreshToken, UserSession

_IS_LIVE = RefreshToken.revoked_at.is_(None)

INVARIANTS = (
    Invariant(
        2,
        "session {session_id} has {tokens} live refresh tokens instead of one",
        select(RefreshToken.session_id, func.count().label("tokens"))
        .where(_IS_LIVE)
        .group_by(RefreshToken.session_id)
        .having(func.count() > 1),
    ),
    Invariant(
        2,
        "refresh token {id} is live, but its session {session_id} is revoked",
        select(RefreshToken.id, RefreshToken.session_id)
        .join(UserSession, UserSession.id == RefreshToken.session_id)
        .where(_IS_LIVE, UserSession.revoked_at.is_not(None)),
    ),
)
