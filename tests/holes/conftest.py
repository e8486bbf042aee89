from tests.auth.door import door, settings_changes  # noqa: F401 -- fixtures.
