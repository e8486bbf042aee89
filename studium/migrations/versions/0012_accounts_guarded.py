"""Accounts are guarded better: when a session last saw the password, sources instead of addresses, no plain digests.

The record of who did what outlives accounts that nobody ever proved, so it points at nobody. Mailed links are found by
the id in them, which the master secret vouches for. Digests of requests, which were no MACs, are forgotten: their keys
are refused until their day is over.
"""

import sqlalchemy as sa
from alembic import op

from studium.kit.base.sources import source_of
from studium.kit.db.tables import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ACTOR = "fk_audit_events_actor_id_users"
HASH = "uq_one_time_tokens_token_hash"
_SESSIONS = sa.table("sessions", sa.column("address", sa.String))


def upgrade() -> None:
    op.add_column("sessions", sa.Column("authenticated_at", UtcDateTime()))
    with op.batch_alter_table("audit_events") as table:
        table.drop_constraint(ACTOR, type_="foreignkey")
    with op.batch_alter_table("one_time_tokens") as table:
        table.drop_constraint(HASH, type_="unique")
        table.drop_column("token_hash")
    op.execute("UPDATE idempotency_keys SET fingerprint = ''")
    _rewrite_addresses()


def _rewrite_addresses() -> None:
    """What sessions came from is compared with sources from now on."""
    connection, address = op.get_bind(), _SESSIONS.c.address
    found = connection.execute(sa.select(address).where(address.contains(":")).distinct()).scalars().all()
    for text in found:
        connection.execute(_SESSIONS.update().where(address == text).values(address=source_of(text)))


def downgrade() -> None:
    with op.batch_alter_table("one_time_tokens") as table:
        table.add_column(sa.Column("token_hash", sa.String(64)))
    # Links that were mailed are void: nobody knows the digests of their tokens.
    op.execute("UPDATE one_time_tokens SET token_hash = CAST(id AS VARCHAR(64))")
    with op.batch_alter_table("one_time_tokens") as table:
        table.alter_column("token_hash", existing_type=sa.String(64), nullable=False)
        table.create_unique_constraint(HASH, ["token_hash"])
    op.execute("UPDATE audit_events SET actor_id = NULL WHERE actor_id NOT IN (SELECT id FROM users)")
    with op.batch_alter_table("audit_events") as table:
        table.create_foreign_key(ACTOR, "users", ["actor_id"], ["id"], ondelete="RESTRICT")
    op.drop_column("sessions", "authenticated_at")
