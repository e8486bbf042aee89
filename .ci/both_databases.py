"""Fail when the tests did not run on PostgreSQL: none was collected, or one was skipped."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

_MARK = "postgres"


def complaint(report: Path) -> str | None:
    """Say what is wrong with a JUnit report, or None: tests of PostgreSQL carry its name in theirs."""
    if not report.is_file():
        return "the tests left no report"
    # The report was just written by our own pytest.
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 -- our own pytest has just written it.
    named = [case for case in cases if _MARK in f"{case.get('classname')}.{case.get('name')}".lower()]
    skipped = [case for case in cases if _is_skipped_for_postgres(case)]
    if not named:
        return "no test ran on PostgreSQL"
    if skipped:
        return f"{len(skipped)} tests of PostgreSQL were skipped, such as {skipped[0].get('name')}"
    return None


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
