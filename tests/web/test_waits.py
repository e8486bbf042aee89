"""How tests of pages in a browser wait: a rule that is held for all of them."""

from pathlib import Path


def test_tests_wait_for_a_page_in_a_way_that_its_content_policy_allows():
    tests = Path(__file__).parents[1]
    own = [path for path in tests.rglob("*.py") if path != Path(__file__) and "vendor" not in path.parts]
    assert [path for path in own if ".wait_for_function(" in path.read_text(encoding="utf-8")] == []
