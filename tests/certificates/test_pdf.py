"""The certificate as a document: names of every script, one page, archive format, QR code, same bytes each time."""

import io
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pypdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp

from studium.modules.certificates.pdf import CertificateFacts, Paper, render_certificate

NUMBER = "CERT-20261124-K7M2PX"
FACTS = CertificateFacts(
    student_name="Sam Student",
    course_title="Foundations of Marine Biology",
    instructor_name="Ada Instructor",
    completion_date=datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
    issued_at=datetime(2026, 11, 24, 9, 15, tzinfo=UTC),
    certificate_number=NUMBER,
    verify_url=f"https://school.example.org/verify/{NUMBER}",
)
NAMES = [
    "Łukasz Żółć",
    "عمر الخيّام",
    "李雷",
    "नेहा शर्मा",
    "🎓 Eve",
    "W" * 255,
    '<b>"x"</b>',
    "#set text(red)",
    '"); panic("x',
    "Sam عمر O'Neil שלום 123",
    "Ελένη Παπαδοπούλου",
    "Юлия Щёголева",
    "김철수 さくら 堃喆",
    "สมชาย ใจดี",
    "ქეთევან Արմեն",
    "👩🏽‍🚀 𝓔𝓿𝓮 ☃",  # noqa: RUF001 -- some people do write their names so.
    "عمر" * 85,
    "नेहा" * 63,
    "李" * 255,
    "🎓👩🏽‍🚀" * 50,
    "👨‍" * 127,
    "क्" * 127,
    "﷽" * 255,
]
LINE = (27 / 25.4 * 72, 22 / 25.4 * 72)  # Margins in points: left and right, top.


def opened(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


def text_of(pdf: bytes) -> str:
    return opened(pdf).pages[0].extract_text().replace("\u200b", "")


def root_of(pdf: bytes) -> pypdf.generic.DictionaryObject:
    return opened(pdf).root_object


def spelled(thing: pypdf.generic.PdfObject) -> str:
    """The object as the file spells it."""
    stream = io.BytesIO()
    thing.write_to_stream(stream)
    return " ".join(stream.getvalue().decode().split())


def metadata_of(pdf: bytes) -> str:
    stream = root_of(pdf)["/Metadata"].get_object()
    assert isinstance(stream, pypdf.generic.StreamObject)
    return stream.get_data().decode()


def is_archival(pdf: bytes) -> bool:
    """Whether the file says it is PDF/A-2a, which the compiler grants only if every letter has a glyph."""
    xmp = metadata_of(pdf)
    return "<pdfaid:part>2</pdfaid:part>" in xmp and "<pdfaid:conformance>A</pdfaid:conformance>" in xmp


def glyph_boxes(pdf: bytes) -> tuple[list[tuple[float, float, float, float]], float, float]:
    page = pypdfium2.PdfDocument(pdf)[0]
    letters = page.get_textpage()
    boxes = [letters.get_charbox(index) for index in range(letters.count_chars())]
    return [box for box in boxes if box[2] > box[0]], page.get_width(), page.get_height()


def font_descriptors(pdf: bytes) -> list[pypdf.generic.DictionaryObject]:
    reader = opened(pdf)
    everything = (
        pypdf.generic.IndirectObject(number, 0, reader).get_object() for number in range(1, len(reader.xref[0]))
    )
    found = [thing for thing in everything if isinstance(thing, pypdf.generic.DictionaryObject)]
    return [thing for thing in found if str(thing.get("/Type")) == "/FontDescriptor"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:12]))
def test_any_name_is_drawn_on_one_page_with_every_letter_inside_the_frame(name):
    pdf = render_certificate(replace(FACTS, student_name=name, course_title=name, instructor_name=name))

    boxes, width, height = glyph_boxes(pdf)
    assert len(opened(pdf).pages) == 1
    assert is_archival(pdf)
    assert len(boxes) > 100
    assert min(box[0] for box in boxes) >= LINE[0] - 3
    assert max(box[2] for box in boxes) <= width - LINE[0] + 3
    assert min(box[1] for box in boxes) >= 40
    assert max(box[3] for box in boxes) <= height - LINE[1] + 3


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_long_words_shrink_and_stay_complete(paper: Paper):
    wide = replace(FACTS, student_name="W" * 255, course_title="Z" * 255, instructor_name="Q" * 255)

    text = text_of(render_certificate(wide, paper=paper))

    assert [text.count(letter) for letter in "WZQ"] == [255, 255, 255]


def test_the_text_can_be_copied_and_searched():
    text = text_of(render_certificate(replace(FACTS, student_name="Łukasz Żółć")))

    for words in (
        "Łukasz Żółć",
        "Foundations of Marine Biology",
        "Ada Instructor",
        "on the twenty-third of November 2026",
        NUMBER,
        f"school.example.org/verify/{NUMBER}",
    ):
        assert words in text


@pytest.mark.parametrize("name", ['<b>"x"</b>', "#set text(red)", "*bold* $x$ \\ @y // z"])
def test_a_name_is_never_markup(name):
    assert name in text_of(render_certificate(replace(FACTS, student_name=name)))


def test_controls_that_turn_letters_around_are_dropped():
    text = text_of(render_certificate(replace(FACTS, student_name="Sam\u202emadA\u2066\n\x00Student")))

    assert "SammadA Student" in text


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("name", ["Sam Student", "W" * 255])
def test_the_qr_code_leads_to_the_verification_page(paper: Paper, name):
    pdf = render_certificate(replace(FACTS, student_name=name), paper=paper)
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil()

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [FACTS.verify_url]


def test_a_long_address_still_fits_and_scans():
    url = f"https://{'learning-department.' * 10}example.org/verify/{NUMBER}"
    pdf = render_certificate(replace(FACTS, verify_url=url))
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=300 / 72).to_pil()

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [url]
    assert min(box[0] for box in glyph_boxes(pdf)[0]) >= LINE[0] - 3


@pytest.mark.parametrize(("paper", "size"), [("a4", (841.89, 595.28)), ("letter", (792, 612))])
def test_the_page_is_landscape(paper: Paper, size):
    box = opened(render_certificate(FACTS, paper=paper)).pages[0].mediabox

    assert (float(box.width), float(box.height)) == pytest.approx(size, abs=0.1)


def test_it_is_an_archive_format_tagged_and_titled():
    pdf = render_certificate(FACTS)

    root, information = root_of(pdf), opened(pdf).metadata
    assert is_archival(pdf)
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata_of(pdf)
    assert "/Marked true" in spelled(root["/MarkInfo"])
    assert "/StructTreeRoot" in root
    assert spelled(root["/Lang"]) == "(en)"
    assert "/DisplayDocTitle true" in spelled(root["/ViewerPreferences"])
    assert information is not None
    assert information.title == f"Certificate of Completion {NUMBER}"
    assert information.creation_date == FACTS.issued_at


def test_every_font_is_embedded():
    pdf = render_certificate(replace(FACTS, student_name="Sam عمر 李雷 नेहा 🎓 שלום"))

    fonts = font_descriptors(pdf)
    assert len(fonts) >= 6
    assert all({"/FontFile2", "/FontFile3"} & font.keys() for font in fonts)


def test_a_letter_without_a_font_costs_the_archive_format_not_the_certificate():
    pdf = render_certificate(replace(FACTS, student_name="Sam \U00012000"))

    assert not is_archival(pdf)
    assert "/Marked true" in spelled(root_of(pdf)["/MarkInfo"])
    assert NUMBER in text_of(pdf)


def test_the_same_facts_give_the_same_bytes_in_another_process():
    script = "import sys, tests_pdf as t; sys.stdout.buffer.write(t.render_certificate(t.FACTS))"
    loader = f"import importlib.util as u, sys; s = u.spec_from_file_location('tests_pdf', {__file__!r});"
    loader += "m = u.module_from_spec(s); sys.modules['tests_pdf'] = m; s.loader.exec_module(m)"
    render_certificate(replace(FACTS, student_name="Mia Other", course_title="李雷"), paper="letter")
    here = render_certificate(FACTS)

    there = subprocess.run([sys.executable, "-c", f"{loader}\n{script}"], check=True, capture_output=True).stdout

    assert here == render_certificate(FACTS) == there


def test_the_same_instant_in_another_zone_is_the_same_certificate():
    zone = timezone(timedelta(hours=9))
    elsewhere = replace(
        FACTS, completion_date=FACTS.completion_date.astimezone(zone), issued_at=FACTS.issued_at.astimezone(zone)
    )

    assert render_certificate(elsewhere) == render_certificate(FACTS)


def test_threads_do_not_mix_their_certificates():
    names = [f"Learner {number}" for number in range(12)]
    texts: dict[str, str] = {}

    def draw(name: str) -> None:
        texts[name] = text_of(render_certificate(replace(FACTS, student_name=name)))

    threads = [threading.Thread(target=draw, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(f"{name}\n" in texts[name] for name in names)


@pytest.mark.alone
def test_a_certificate_takes_milliseconds():
    render_certificate(FACTS)
    started = time.perf_counter()
    for number in range(5):
        render_certificate(replace(FACTS, student_name=f"Sam {number}"))

    assert (time.perf_counter() - started) / 5 < 0.3


def test_importing_loads_no_compiler():
    script = "import sys, studium.modules.certificates.pdf; sys.exit('typst' in sys.modules or 'segno' in sys.modules)"

    subprocess.run([sys.executable, "-c", script], check=True)
