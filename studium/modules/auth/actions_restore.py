"""What a restored database must forget: whoever was logged in then, and every link that was in a mail then."""

from sqlalchemy import Update, update

from studium.kit.db.tables import utc_now
from studium.models import AddressChange, OneTimeToken, RefreshToken, UserSession

ENDING: tuple[Update, ...] = (
    update(RefreshToken).where(RefreshToken.revoked_at.is_(None)).values(revoked_at=utc_now()),
    update(UserSession).where(UserSession.revoked_at.is_(None)).values(revoked_at=utc_now()),
    update(OneTimeToken).where(OneTimeToken.used_at.is_(None)).values(used_at=utc_now()),
    update(AddressChange).where(AddressChange.ended_at.is_(None)).values(ended_at=utc_now()),
)
"""A token that was spent after the backup would else be good once more."""
