"""Languages: whatever a browser or a profile says, one that is spoken or none."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from studium.kit.base.languages import SPOKEN, day_in, direction, preferred, spoken


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("ar", "ar"),
        ("AR-eg", "ar"),
        ("ar_SA", "ar"),
        (" en-GB ", "en"),
        ("arn", None),
        ("fr", None),
        ("", None),
        ("../ar", None),
        (None, None),
        (7, None),
        (["ar"], None),
    ],
)
def test_a_tag_is_a_language_or_none(tag, language):
    assert spoken(tag) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ar", "ar"),
        ("ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("en-US,en;q=0.9,ar;q=0.8", "en"),
        ("fr, ar;q=0.5, en;q=0.3", "ar"),
        ("en;q=0.1, ar; q=0.2", "ar"),
        ("ar, en", "ar"),
        ("ar;q=0", None),
        ("fr, de", None),
        ("*", None),
        ("", None),
        ("ar;q=nan", None),
        ("ar;q=-1", None),
        ("ar;q=x;y", None),
        (";;;,,,===", None),
        ("x" * 10_000 + ",ar", None),
    ],
)
def test_a_header_is_ranked_as_it_says(header, language):
    assert preferred(header) == language


def test_arabic_runs_from_right_to_left():
    assert (direction("ar"), direction("en")) == ("rtl", "ltr")


def test_a_day_is_that_of_utc_in_each_language():
    late = datetime(2026, 1, 5, 1, 0, tzinfo=timezone(timedelta(hours=3)))
    assert [day_in(language, late) for language in ("en", "ar")] == ["4 January 2026", "4 يناير 2026"]
    for language in SPOKEN:
        assert len({day_in(language, datetime(2026, month, 1, tzinfo=UTC)) for month in range(1, 13)}) == 12
