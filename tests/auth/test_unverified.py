"""Whether an unverified address may log in is the school's choice."""

import pytest

from tests.auth.helpers import PASSWORD, Door, code_of


@pytest.fixture(params=[False, True])
def settings_changes(request: pytest.FixtureRequest) -> dict[str, object]:
    return {"require_verified_email": request.param}


async def test_an_unverified_address_may_log_in_unless_the_school_says_no(door: Door):
    await door.person("new@school.example", email_verified_at=None)
    answer = await door.try_login("new@school.example")
    if door.runtime.settings.require_verified_email:
        assert (answer.status_code, code_of(answer)) == (403, "email_not_verified")
        form = {"username": "new@school.example", "password": PASSWORD}
        by_form = await door.call("POST", "/auth/token", data=form)
        assert (by_form.status_code, code_of(by_form)) == (403, "email_not_verified")
        assert (await door.try_login("new@school.example", "not the password")).status_code == 401
    else:
        assert answer.status_code == 200
