"""The hole: addresses were compared as typed, so one mailbox could have two accounts, or reach another's."""

import pytest

from tests.auth.helpers import PASSWORD, Door


@pytest.mark.parametrize("spelling", ["SAM@school.example", "sam@SCHOOL.example", "Sam@School.Example"])
async def test_two_spellings_are_one_account(door: Door, spelling: str):
    await door.person("sam@school.example")
    wish = {"email": spelling, "full_name": "Eve", "password": PASSWORD}
    assert (await door.call("POST", "/auth/register", json=wish)).status_code == 409
    await door.log_in(spelling)


async def test_a_look_alike_gets_no_link_to_somebody_elses_account(door: Door):
    await door.person("mike@school.example")
    answer = await door.call("POST", "/auth/forgot-password", json={"email": "m\u0131ke@school.example"})
    assert answer.status_code == 422
    assert await door.mails("mike@school.example") == []
