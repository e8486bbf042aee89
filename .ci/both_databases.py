"""Fail when the tests did not run on PostgreSQL as they did on SQLite: too few were collected, or some were skipped."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

_MARK = "postgres"


def complaint(report: Path) -> str | None:
    """Say what is wrong with a JUnit report, or None. A test's database stands in the brackets after its name."""
    if not report.is_file():
        return "the tests left no report"
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 -- our own pytest has just written it.
    skipped = [case for case in cases if _is_skipped_for_postgres(case)]
    if skipped:
        return f"{len(skipped)} tests of PostgreSQL were skipped, such as {skipped[0].get('name')}"
    embedded, grown = _count(cases, "sqlite"), _count(cases, _MARK)
    # Some tests are about one database alone, so the two numbers need not be equal.
    if not grown or grown * 2 < embedded:
        return f"{grown} tests ran on PostgreSQL and {embedded} on SQLite"
    sys.stdout.write(f"CI: {grown} tests ran on PostgreSQL, {embedded} on SQLite.\n")
    return None


def _count(cases: list[ET.Element], database: str) -> int:
    return sum(database in (case.get("name") or "").partition("[")[2].lower() for case in cases)


def _is_skipped_for_postgres(case: ET.Element) -> bool:
    reason = case.find("skipped")
    if reason is None or reason.get("type") == "pytest.xfail":
        return False
    texts = (case.get("classname"), case.get("name"), reason.get("message"))
    return any(_MARK in (text or "").lower() for text in texts)


if __name__ == "__main__":
    found = complaint(Path(sys.argv[1]))
    if found:
        sys.exit(f"CI: {found}.")
