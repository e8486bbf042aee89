"""What pages load: named by content, kept for ever, small, and of our own making or accounted for."""

import base64
import csv
import hashlib
import re
from pathlib import Path

import brotli
import pytest

from studium.web import assets
from studium.web.covers import CLOTHS, PATTERNS, cover, sheet
from studium.web.render import ROOT
from tests.web.school import tab, tree
from tests.world import World

VENDOR = Path(__file__).parent / "vendor"
CSS = "".join(path.read_text() for path in sorted((assets.STATIC / "css").rglob("*.css")))
RULES = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right|top|bottom)[\w-]*|left|right|top|bottom|width|height|"
    r"(?:min|max)-(?:width|height)|float|clear)\s*:|text-align:\s*(?:left|right)"
)
PAIRS = [(front, back, 4.5) for front in ("ink", "soft", "gilt", "link", "good", "bad") for back in ("paper", "card")]
PAIRS += [("on-fill", "fill", 4.5), ("on-fill", "fill-hover", 4.5), ("ink", "gold-wash", 4.5), ("bad", "bad-wash", 4.5)]
PAIRS += [("good", "good-wash", 4.5), ("link", "blue-wash", 4.5), ("edge", "card", 3), ("gold", "paper", 3)]


async def test_an_asset_is_kept_for_ever_and_sent_as_the_browser_takes_it(world: World):
    async with tab(world) as nobody:
        page = tree(await nobody.get("/help"))
        (sheet_link,) = page.xpath("//link[@rel='stylesheet']/@href")
        for accepted, encoding in (("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)):
            answer = await nobody.get(str(sheet_link), **{"accept-encoding": accepted})
            assert answer.status_code == 200
            assert answer.headers.get("content-encoding") == encoding
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert (await nobody.get("/static/studium.0000000000.css")).status_code == 404
        assert (await nobody.get("/static/..%2Fapp.py")).status_code == 404


def test_the_style_sheets_are_small() -> None:
    """Staff load what is theirs besides what everybody loads."""
    sizes = {
        asset.name.split(".")[0]: len(asset.brotli) for asset in assets.by_address().values() if ".css" in asset.name
    }
    assert sizes["/static/studium"] <= 10 * 1024
    assert sizes["/static/staff"] <= 4 * 1024
    assert len(sizes) == 2


def test_no_property_knows_left_from_right() -> None:
    assert PHYSICAL.findall(RULES) == []
    for value in re.findall(r"(?<![\w-])(?:padding|margin|inset|border-width):([^;}]+)", RULES):
        parts = re.sub(r"\w*\([^()]*(?:\([^()]*\)[^()]*)*\)", "f", value).split()
        assert len(parts) < 4 or parts[1] == parts[3], value


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
@pytest.mark.parametrize("theme", [0, 1])
def test_colours_keep_their_contrast(front: str, back: str, least: float, theme: int) -> None:
    tokens = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)}
    first, second = sorted((luminance(tokens[front][theme]), luminance(tokens[back][theme])), reverse=True)
    assert (first + 0.05) / (second + 0.05) >= least


def test_templates_hold_no_style_no_script_and_no_other_address() -> None:
    for path in ROOT.rglob("*.html"):
        found = re.findall(
            r"<[^>{]+\s(?:style|on\w+)=|<script(?! src)|<style|(?:src|href)=\"https?:|\|safe", path.read_text()
        )
        assert found == [], path.name


def test_templates_make_a_macro_once_and_what_a_teacher_wrote_once() -> None:
    """A macro that is imported with context is made anew by each page; a text that is made twice has boxes in boxes."""
    for path in ROOT.rglob("*.html"):
        assert re.findall(r"with context -?%|\b(\w+)\(\1\(", path.read_text()) == [], path.name


def _classes(path: Path) -> set[str]:
    """The words that may be classes: of a template those in `class` and in the names of icons, else all in quotes."""
    source = path.read_text()
    if path.suffix == ".html":
        found = re.findall(r"""class="((?:{[{%].*?[%}]}|[^"])*)"|icon\(([^)]*)""", source)
    else:
        found = re.findall(r"""(["'`])((?:(?!\1)[^\n\\])*)\1""", source)
    return {word for parts in found for part in parts for word in re.findall(r"[\w-]+", part)}


def test_no_rule_is_for_a_class_that_nothing_has() -> None:
    sources = [path for kind in ("html", "py", "js") for path in ROOT.rglob(f"*.{kind}")]
    given = set().union(*map(_classes, [*sources, *(ROOT.parent / "kit" / "text").glob("*.py")]))
    selectors = re.sub(r"{[^{}]*}", "{", re.sub(r"url\([^)]*\)", "", RULES))
    assert set(re.findall(r"\.([a-z][\w-]*)", selectors)) - given == set()


def _named_in(path: Path) -> set[str]:
    """The macros that a template imports or defines, with those of the template that it extends."""
    source = path.read_text()
    named = {name.strip() for names in re.findall(r"\bimport ([^%]+?) -?%}", source) for name in names.split(",")}
    parents = [ROOT / name for name in re.findall(r'{%-? extends "([^"]+)"', source)]
    return named.union(re.findall(r"{%-? macro (\w+)\(", source), *map(_named_in, parents))


def test_every_macro_that_is_used_is_imported() -> None:
    """Some stand in branches that few requests take, such as that of a problem."""
    macros = set(re.findall(r"{%-? macro (\w+)\(", (ROOT / "layout" / "parts.html").read_text()))
    for path in ROOT.rglob("*.html"):
        used = {name for name in re.findall(r"(?<![\w.])(\w+)\(", path.read_text()) if name in macros}
        assert used - _named_in(path) == set(), path.name


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'symbol id="([\w-]+)"', (assets.STATIC / "icons.svg").read_text()))
    used = {name for path in ROOT.rglob("*.html") for name in re.findall(r'icon\("([\w-]+)"', path.read_text())}
    assert used <= drawn


def test_a_slug_has_one_cover() -> None:
    assert cover("a-course", None) == cover("a-course", None)
    assert cover("a-course", "Nature").pattern == "sunflower"
    dealt = {cover(f"course-{number}", None) for number in range(300)}
    assert {one.pattern for one in dealt} == set(PATTERNS)
    assert {one.cloth for one in dealt} == set(CLOTHS)
    assert all(f'id="{pattern}"' in sheet() for pattern in PATTERNS)
    assert all(f".{cloth} {{ --cloth" in CSS for cloth in CLOTHS)


def test_all_covers_together_are_small() -> None:
    assert len(brotli.compress(sheet().encode(), quality=11)) <= 6 * 1024


def test_what_was_taken_over_is_what_its_makers_published() -> None:
    rows = list(csv.DictReader((VENDOR / "vendor.lock").read_text().splitlines()))
    assert {row["file"] for row in rows} == {path.name for path in VENDOR.iterdir()} - {"vendor.lock", "LICENSE"}
    for row in rows:
        assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        assert len(base64.b64decode(row["npm_sha512"])) == 64
        assert row["licence"] in (VENDOR / "LICENSE").read_text()
