"""Every page, file and answer says what a browser may do with it, and that nobody may frame it."""

from pathlib import Path

import pytest

import studium
from studium.kit.base.config import Settings
from studium.kit.http import answer_headers, api_docs
from studium.modules.certificates import routes_page
from studium.modules.files import delivery
from studium.web.csp import policy

POLICIES = {
    "kit/http/answer_headers.py": dict(answer_headers.FIXED)[b"content-security-policy"].decode(),
    "kit/http/api_docs/__init__.py": api_docs.POLICY,
    "web/csp.py": policy(Settings()),
    "modules/certificates/routes_page.py": routes_page._POLICY,
    "modules/files/delivery.py": delivery.guard_headers("", is_public=True)["Content-Security-Policy"],
}
SOURCES = Path(studium.__file__).parent


@pytest.mark.parametrize("place", POLICIES)
def test_a_policy_begins_with_nothing_and_allows_no_base_or_frame(place: str) -> None:
    directives = POLICIES[place].split("; ")
    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(directives)


def test_every_policy_is_looked_at() -> None:
    places = {
        path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.py") if "default-src" in path.read_text()
    }
    assert places == set(POLICIES)
