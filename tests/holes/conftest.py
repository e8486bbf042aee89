from tests.auth.helpers import door, settings_changes  # noqa: F401 -- fixtures.
