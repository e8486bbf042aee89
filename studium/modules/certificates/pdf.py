"""The PDF of a certificate: one landscape page with embedded fonts, fit for archives (PDF/A-2a) and for reading aloud.

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

if TYPE_CHECKING:
    import typst

Paper = Literal["a4", "letter"]
"""The sizes of paper that learners' printers have."""

_HERE = Path(__file__).parent
_LONGEST_WORD = 24  # Letters; a longer run without a space may be broken anywhere.
_BREAK = "\N{ZERO WIDTH SPACE}"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
_MONTHS = "January February March April May June July August September October November December".split()


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

    Takes about 10 ms; the first call of a process also loads the compiler and the fonts that are needed.
    """
    import typst  # noqa: PLC0415 -- see _compiler.

    compiler, lock = _compiler()
    inputs = {"facts": json.dumps(_shown(facts, paper), ensure_ascii=False)}
    timestamp = int(facts.issued_at.timestamp())
    with lock:
        try:
            pdf = compiler.compile(format="pdf", sys_inputs=inputs, timestamp=timestamp, pdf_standards=["a-2a"])
        except typst.TypstError:
            # An archive may hold no letter that has no font. A learner with such a name still gets a certificate.
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
        "verify": _words(re.sub(r"^https?://", "", facts.verify_url)),
        "url": facts.verify_url,
        "qr": _qr_svg(facts.verify_url),
    }


def _words(text: str) -> dict[str, object]:
    tidy = _tidy(text)
    return {"plain": tidy, "text": _breakable(tidy), "rtl": _reads_right_to_left(tidy)}


def _tidy(text: str) -> str:
    """Return NFC text on one line, without the controls that would turn the letters after them around."""
    controls = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
    spaced = "".join(" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in text)
    return " ".join(controls.sub("", unicodedata.normalize("NFC", spaced)).split())


def _breakable(text: str) -> str:
    return " ".join(_broken(word) if len(word) > _LONGEST_WORD else word for word in text.split(" "))


def _broken(word: str) -> str:
    """Allow a line break between plain letters only: marks, joiners and emoji sequences stay whole."""
    solid = [unicodedata.category(char)[0] in "LNPS" and ord(char) < 0x1F000 for char in word]
    pairs = zip(word, [*solid[1:], False], solid, strict=True)
    return "".join(char + _BREAK if this and following else char for char, following, this in pairs)


def _reads_right_to_left(text: str) -> bool:
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((direction != "L" for direction in directions if direction in {"L", "R", "AL"}), False)


def _date_in_words(moment: datetime) -> str:
    day = moment.astimezone(UTC)
    return f"on the {_ORDINALS[day.day - 1]} of {_MONTHS[day.month - 1]} {day.year}"


def _qr_svg(url: str) -> str:
    import segno  # noqa: PLC0415 -- as the compiler.

    # Readers accept every mask; trying all eight to find the evenest would take longer than drawing the page.
    return segno.make_qr(url, error="m", mask=3).svg_inline(border=0, dark="#1d2a3a", omitsize=True)
