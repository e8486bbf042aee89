"""What tests expect of an answer."""

from typing import Any

import httpx2


def ok(answer: httpx2.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal that must be this one."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    found: dict[str, Any] = answer.json()
    return found
