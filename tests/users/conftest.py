from tests.auth.door import (  # noqa: F401 -- fixtures.
    anyio_backend,
    database_url,
    door,
    migrated_file,
    migrated_postgres,
    settings_changes,
)
