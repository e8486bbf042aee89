"""People, their log-ins, and the record of what was done."""

from studium.models.inventory.kinds import Held

FORMER = "Former learner"
"""What an erased person is called."""

_ACCOUNT = "until the person is erased"
_NOBODY = "nobody"

TABLES = {
    "users": Held(
        "who may log in, and to whom mails go",
        _ACCOUNT,
        "the person, admins; the name also whoever learns or teaches with them",
        person="id",
        none="id role is_active mfa_enabled mfa_method created_at updated_at email_verified_at legal_hold"
        " erased_at version source invited_at deactivated_at",
        personal="email full_name metadata last_login_at external_id",
        secret="password_hash mfa_secret mfa_last_step",  # noqa: S106 -- names of columns.
        blanks={"full_name": FORMER, "password_hash": "erased"},
        rewritten="email",
    ),
    "user_words": Held(
        "finding people by name and address",
        "as the name and address that they come from",
        "admins and course owners, by searching",
        person="user_id",
        none="id user_id",
        personal="words",
        rewritten="words",
    ),
    "sessions": Held(
        "log-ins: ending them, and telling the owner of a new device",
        "90 days after they end (`STUDIUM_RETENTION_SESSIONS_DAYS`)",
        "the person",
        person="user_id",
        none="id user_id created_at last_seen_at expires_at revoked_at authenticated_at browser_role",
        personal="user_agent address",
        secret="browser_digest",  # noqa: S106 -- names of columns.
        is_deleted=True,
    ),
    "refresh_tokens": Held(
        "renewing log-ins",
        "as the log-in that they renew",
        _NOBODY,
        person="user_id",
        none="id user_id session_id expires_at revoked_at created_at",
        secret="token_jti",  # noqa: S106 -- names of columns.
        is_deleted=True,
    ),
    "one_time_tokens": Held(
        "links in mails",
        "a day after they expire",
        _NOBODY,
        person="user_id",
        none="id user_id purpose created_at expires_at used_at",
        personal="email",
        is_deleted=True,
    ),
    "address_changes": Held(
        "wishes for another address, until both mailboxes have agreed",
        "a day after they expire",
        _NOBODY,
        person="user_id",
        none="id user_id created_at expires_at proved_at agreed_at ended_at",
        personal="old_email new_email",
        is_deleted=True,
    ),
    "recovery_codes": Held(
        "spare second factors",
        "until others are made, or the factor is turned off",
        _NOBODY,
        person="user_id",
        none="id user_id created_at used_at",
        secret="code_hash",  # noqa: S106 -- names of columns.
        is_deleted=True,
    ),
    "passkeys": Held(
        "coming in without a password",
        "until the person removes them or is erased",
        "the person",
        person="user_id",
        none="id user_id sign_count created_at last_used_at",
        personal="name",
        secret="credential_id public_key",  # noqa: S106 -- names of columns.
        is_deleted=True,
    ),
    "idempotency_keys": Held(
        "answering a repeated request once",
        "24 hours",
        _NOBODY,
        person="user_id",
        none="id user_id status_code created_at expires_at",
        personal="key headers body",
        secret="fingerprint",  # noqa: S106 -- names of columns.
        is_deleted=True,
        withheld="headers body",
    ),
    "audit_events": Held(
        "who did what that matters later",
        "for ever; the source for 180 days (`STUDIUM_RETENTION_ADDRESSES_DAYS`)",
        "admins",
        person="actor_id",
        none="id occurred_at action outcome actor_id target_type target_id details",
        personal="address",
        others="target_id details",
    ),
    "erasures": Held(
        "who is to be erased, and who was",
        "for ever; the reason until it is done",
        "the person, admins",
        person="user_id",
        none="id user_id requested_by requested_at certificates due_at cancelled_at cancelled_by closed_at done_at",
        free_text="reason",
        others="requested_by cancelled_by",
    ),
    "data_exports": Held(
        "giving people what is known of them",
        "7 days, as the file",
        "the person; admins, of those that they asked for",
        person="user_id",
        none="id user_id requested_by requested_at done_at storage_path file_size expires_at",
        free_text="reason",
        is_deleted=True,
        others="requested_by",
    ),
    "people_imports": Held(
        "imports of people from CSV",
        "until whoever imported is erased",
        "admins",
        person="owner_id",
        none="id owner_id file_size storage_path invite status progress_done progress_total counts applied cursor_line"
        " created_at planned_at finished_at",
        personal="original_filename",
        secret="password_hash",  # noqa: S106 -- names of columns.
        free_text="fault",
        blanks={"original_filename": "erased"},
        withheld="fault",
    ),
    "people_import_rows": Held(
        "what an import of people does to each",
        "as the import; rows about a person until they are erased",
        "admins",
        person="user_id",
        none="import_id line action user_id version field code skipped",
        personal="email external_id",
        free_text="wanted changes detail",
        is_deleted=True,
    ),
    "course_invitations": Held(
        "addresses that staff want in a course",
        "as long as the course, or until the owner of the address is erased",
        "staff of the course",
        none="id course_id invited_by created_at expires_at mailed_at withdrawn_at",
        personal="email",
    ),
    "join_codes": Held(
        "codes with which students enrol themselves",
        "as long as the course",
        "staff of the course, and whoever they hand it to",
        none="id course_id created_by created_at expires_at max_uses uses_count revoked_at",
        secret="code",  # noqa: S106 -- names of columns.
    ),
    "throttle_hits": Held(
        "slowing down who guesses",
        "a day or so",
        _NOBODY,
        none="id scope occurred_at",
        secret="key",  # noqa: S106 -- names of columns.
    ),
}
