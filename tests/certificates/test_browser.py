"""The verification page in a real browser: on a phone, in the dark, from right to left, without scripts, on paper."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image
from sqlalchemy import update

from studium.models import Certificate
from tests.processes.school import school
from tests.servers import lacking
from tests.world import NUMBER, open_world

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PHONE = (390, 844)
QUIET = [
    *(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
        "--force-color-profile=srgb",
    ),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
    ),
]
LIGHT_PAPER, DARK_PAPER = (247, 244, 236), (18, 22, 29)
GREEN, LIGHT_GREEN = (28, 107, 64), (116, 212, 156)
DARK = "--blink-settings=preferredColorScheme=0"
NO_SCRIPTS = "--blink-settings=scriptEnabled=false"
Place = tuple[str, Path]


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        lacking("no Chromium is installed; .ci/run installs it")
    return found


@pytest.fixture(scope="module")
def page(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The address of the page of a certificate with the longest names there can be, and a folder."""
    folder = tmp_path_factory.mktemp("browser")
    shutil.copy(migrated_file, folder / "studium.db")
    asyncio.run(_fill(folder))
    with school(folder) as opened:
        opened.serve()
        yield f"{opened.address}/verify/{NUMBER}", folder


async def _fill(folder: Path) -> None:
    async with (
        open_world(f"sqlite:///{folder}/studium.db", folder) as world,
        world.runtime.database.write_session() as session,
    ):
        await session.execute(update(Certificate).values(student_name="W" * 255, course_title="عمر الخيّام"))


def visit(browser: str, page: Place, *options: str) -> str:
    """Open the page; return what the browser complained about."""
    url, folder = page
    command = [browser, *QUIET, f"--user-data-dir={folder / 'profile'}", *options, url]
    done = subprocess.run(command, check=True, capture_output=True, timeout=50)
    log = done.stderr.decode(errors="replace")
    return "\n".join(line for line in log.splitlines() if "CONSOLE" in line or "Content Security" in line)


def picture(browser: str, page: Place, *options: str) -> Image.Image:
    """The page on a phone."""
    path = page[1] / "page.png"
    size = ",".join(map(str, PHONE))
    assert visit(browser, page, f"--screenshot={path}", f"--window-size={size}", *options) == ""
    taken = Image.open(path).convert("RGB")
    assert taken.size == PHONE
    return taken


def edges(taken: Image.Image) -> set[tuple[int, ...]]:
    """The colours of the outermost columns: where something is too wide, it is seen here."""
    pixels = taken.load()
    assert pixels is not None
    found = (pixels[x, y] for x in (*range(6), *range(PHONE[0] - 6, PHONE[0])) for y in range(PHONE[1]))
    return {colour for colour in found if isinstance(colour, tuple)}


def middle_of(taken: Image.Image, colour: tuple[int, int, int]) -> float:
    """How far from the left what has this colour is, as a share of the width."""
    pixels = taken.load()
    assert pixels is not None
    places = [x for x in range(PHONE[0]) for y in range(PHONE[1]) if pixels[x, y] == colour]
    assert len(places) > 100, "the sign and the heading have the colour of the state"
    return sum(places) / len(places) / PHONE[0]


def test_it_fits_a_phone_and_needs_no_scripts(browser: str, page: Place) -> None:
    taken = picture(browser, page)
    assert edges(taken) == {LIGHT_PAPER}
    assert middle_of(taken, GREEN) < 0.5
    assert picture(browser, page, NO_SCRIPTS).tobytes() == taken.tobytes()


def test_it_is_dark_in_the_dark_and_runs_from_right_to_left_in_arabic(browser: str, page: Place) -> None:
    taken = picture(browser, page, DARK, "--accept-lang=ar")
    assert edges(taken) == {DARK_PAPER}
    assert middle_of(taken, LIGHT_GREEN) > 0.5


def test_it_prints_on_white_paper(browser: str, page: Place) -> None:
    path = page[1] / "page.pdf"
    assert visit(browser, page, DARK, f"--print-to-pdf={path}", "--no-pdf-header-footer") == ""
    printed = pypdfium2.PdfDocument(path.read_bytes())
    text = printed[0].get_textpage().get_text_range()
    assert len(printed) == 1
    assert NUMBER in text
    assert text.count("W") == 255
    assert printed[0].render().to_pil().convert("RGB").getpixel((2, 2)) == (255, 255, 255)
