"""The PDF of a certificate: a landscape page for archives (PDF/A-2a) and screen readers (PDF/UA-1), fonts inside.

Facts reach the template as JSON and are never part of its source, so no name can be code. The same facts give the
same bytes: nothing is read from the clock, the system's fonts or the network.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from studium.kit.text.combining_marks import composed

if TYPE_CHECKING:
    import typst

Paper = Literal["a4", "letter"]
"""The sizes of paper that learners' printers have."""

_HERE = Path(__file__).parent
_LONGEST_WORD = 24  # Letters; a longer run without a space may be broken between any two.
_LONGEST_PIECE = 12  # Characters; what should stay whole, such as joined Arabic letters, is broken after so many.
_CONTROLS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Skin tones and the letters of flags belong to the sign before them.
_TIED = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
_VIRAMA = 9  # The combining class of the marks that tie two consonants.
_BREAK = "\N{ZERO WIDTH SPACE}"
_TEN_DAYS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_TEENS = ["eleven", "twelf", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_DAYS = [
    *_TEN_DAYS,
    *(f"{teen}th" for teen in _TEENS),
    "twentieth",
    *(f"twenty-{day}" for day in _TEN_DAYS[:9]),
    "thirtieth",
    "thirty-first",
]
_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says. The instants are aware; names and titles are shown as they are, in any script."""

    student_name: str
    course_title: str
    instructor_name: str
    completion_date: datetime
    issued_at: datetime
    certificate_number: str
    verify_url: str


def render_certificate(facts: CertificateFacts, *, paper: Paper = "a4") -> bytes:
    """Draw a certificate. Equal facts give equal bytes, whose creation time is `issued_at`; any thread may call.

    Takes about 10 ms, while other threads go on; the first call of a process also loads the compiler and the fonts.
    """
    import typst  # noqa: PLC0415 -- see _compiler.

    compiler, lock = _compiler()
    inputs = {"facts": json.dumps(_shown(facts, paper), ensure_ascii=False)}
    timestamp = int(facts.issued_at.timestamp())
    with lock:
        try:
            pdf = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=timestamp, pdf_standards=["a-2a", "ua-1"])
        except typst.TypstError:
            # An archive format allows no letter without a font. A learner with such a name still gets a certificate.
            pdf = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=timestamp)
    assert isinstance(pdf, bytes)  # noqa: S101 -- a PDF is one file; only pictures come as lists.
    return pdf


@cache
def _compiler() -> tuple["typst.Compiler", Lock]:
    # The compiler is large and an idle process may never need it, so it is imported by the first certificate.
    # One compilation at a time: a compiler keeps the inputs of its last document.
    import typst  # noqa: PLC0415 -- as above.

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_HERE / "fonts"])
    return typst.Compiler(_HERE / "certificate.typ", root=_HERE, font_paths=fonts, ignore_system_fonts=True), Lock()


def _shown(facts: CertificateFacts, paper: Paper) -> dict[str, object]:
    return {
        "paper": paper,
        "student": _words(facts.student_name),
        "course": _words(facts.course_title),
        "instructor": _words(facts.instructor_name),
        "date": _date_in_words(facts.completion_date),
        "number": facts.certificate_number,
        "verify": _words(re.sub("^https?://", "", facts.verify_url), longest=60),
        "url": facts.verify_url,
        "qr": _qr_svg(facts.verify_url),
    }


def _words(text: str, *, longest: int = _LONGEST_WORD) -> dict[str, object]:
    tidy = _tidy(text)
    breakable = " ".join(_broken(word) if len(word) > longest else word for word in tidy.split(" "))
    return {"plain": tidy, "text": breakable, "rtl": _reads_right_to_left(tidy)}


def _tidy(text: str) -> str:
    """Return NFC text on one line, without the controls that would turn the letters after them around."""
    spaced = "".join(" " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text)
    return " ".join(_CONTROLS.sub("", composed(spaced)).split())


def _broken(word: str) -> str:
    """Allow line breaks between letters, each with its marks; what is joined stays whole up to a length."""
    pairs = zip(word, [*word[1:], ""], strict=True)
    pieces = "".join(char + _BREAK * _may_part(char, following) for char, following in pairs).split(_BREAK)
    return _BREAK.join(
        piece[at : at + _LONGEST_PIECE] for piece in pieces for at in range(0, len(piece), _LONGEST_PIECE)
    )


def _may_part(char: str, following: str) -> bool:
    is_mark = unicodedata.category(char)[0] == "M" and unicodedata.combining(char) != _VIRAMA
    return (is_mark or _is_sign(char)) and _is_sign(following) and not _is_cursive(following)


def _is_sign(char: str) -> bool:
    return char != "" and unicodedata.category(char)[0] in "LNPS" and not _TIED.match(char)


def _is_cursive(char: str) -> bool:
    return unicodedata.bidirectional(char) == "AL" and unicodedata.category(char) == "Lo"


def _reads_right_to_left(text: str) -> bool:
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((direction != "L" for direction in directions if direction in {"L", "R", "AL"}), False)


def _date_in_words(moment: datetime) -> str:
    day = moment.astimezone(UTC)
    return f"on the {_DAYS[day.day - 1]} of {_MONTHS[day.month - 1]} {day.year}"


def _qr_svg(url: str) -> str:
    import segno  # noqa: PLC0415 -- as the compiler.

    # Readers accept every mask; trying all eight to find the evenest would take longer than drawing the page.
    return segno.make_qr(url, error="m", mask=3).svg_inline(border=0, dark="#1d2a3a", omitsize=True)
