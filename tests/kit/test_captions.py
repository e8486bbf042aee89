"""Captions: what is read of WebVTT and SubRip, what is refused and where, and what SubRip becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.kit.text.captions import CUE_MAX, MAX_CUES, CaptionsError, Cue, read_subrip, read_webvtt, webvtt

WEBVTT = """WEBVTT - A talk
Kind: captions

NOTE
Not said.

STYLE
::cue { color: red }

one
00:01.500 --> 00:02.000 align:start line:10%
<v Mia>Hello &amp; <i>welcome</i>.

00:00:03.000 --> 100:00:04.000
- One
- Two
"""
SUBRIP = """1
00:00:01,500 --> 00:00:02,000
{\\an8}<font color="red">Hello</font> <i>you</i>

and you, A&B <3

2
00:00:03,000 --> 00:00:04,000
Bye --> now
"""


def test_webvtt_is_read_without_what_is_not_said() -> None:
    first, second = read_webvtt(WEBVTT)
    assert (first.start, first.end, first.words) == (1500, 2000, "Mia: Hello & welcome.")
    assert (second.start, second.end, second.words) == (3000, 360_004_000, "- One - Two")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_and_a_mark_are_fine(end: str) -> None:
    assert read_webvtt("\ufeff" + WEBVTT.replace("\n", end)) == read_webvtt(WEBVTT)


def test_captions_may_follow_the_first_line_at_once() -> None:
    assert [cue.words for cue in read_webvtt("WEBVTT\n00:01.000 --> 00:02.000\nHi\n")] == ["Hi"]


def test_subrip_becomes_webvtt_that_says_the_same() -> None:
    cues = read_subrip(SUBRIP)
    assert [cue.words for cue in cues] == ["Hello you and you, A&B <3", "Bye --> now"]
    written = webvtt(cues)
    assert [(cue.start, cue.end, cue.words) for cue in read_webvtt(written)] == [
        (cue.start, cue.end, cue.words) for cue in cues
    ]
    assert "<i>you</i>" in written
    assert "font" not in written
    assert "an8" not in written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("1\n00:00:01,000 --> 00:00:02,000\nHi", 1),
        ("WEBVTTX\n", 1),
        ("WEBVTT\n\nHello", 3),
        ("WEBVTT\n\nname\nHello", 4),
        ("WEBVTT\n\n00:01 --> 00:02\nHi", 3),
        ("WEBVTT\n\n00:01.000 -> 00:02.000\nHi", 4),
        ("WEBVTT\n\n00:03.000 --> 00:02.000\nHi", 3),
        ("WEBVTT\n\n\u0660\u0660:01.000 --> 00:02.000\nHi", 3),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "x" * (CUE_MAX + 1), 3),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(CaptionsError) as refused:
        read_webvtt(text)
    assert refused.value.line == line


def test_captions_are_bounded() -> None:
    one = "\n00:01.000 --> 00:02.000\nHi\n"
    assert len(read_webvtt("WEBVTT\n" + one * MAX_CUES)) == MAX_CUES
    with pytest.raises(CaptionsError, match="more than 10,000"):
        read_webvtt("WEBVTT\n" + one * (MAX_CUES + 1))


CUES = st.builds(
    lambda start, length, text: Cue(start, start + length, text),
    st.integers(0, 359_999_000),
    st.integers(0, 10_000),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=50),
)


@given(st.lists(CUES, max_size=5))
def test_whatever_is_written_is_read_again(cues: list[Cue]) -> None:
    found = read_webvtt(webvtt(cues))
    assert [(cue.start, cue.end) for cue in found] == [(cue.start, cue.end) for cue in cues]
    assert webvtt(found) == webvtt(cues)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_webvtt, read_subrip):
        for start in ("", "WEBVTT\n\n00:00.000 --> 00:01.000\n", "1\n00:00:00,000 --> 00:00:01,000\n"):
            try:
                cues = read(start + text)
            except CaptionsError:
                continue
            assert all("\n" not in cue.words for cue in cues)
