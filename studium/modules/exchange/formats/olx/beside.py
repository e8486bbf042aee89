"""What stands beside the outline of an Open edX course: its description, its pages, and files that nothing leads to."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from studium.modules.exchange.formats.olx.bounds import TooMuch
from studium.modules.exchange.formats.olx.links import STATIC, Links
from studium.modules.exchange.formats.olx.tree import Tree, words_of_markup
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, place_of
from studium.modules.exchange.model.material import ImportSource

HTML_MAX = 4_194_304
DESCRIPTION_MAX = 20_000
EACH_MAX = 100
"""Files of one folder that are named one by one."""
_FOLDERS = {
    "tabs": ("page", "it stands beside the outline"),
    "info": ("announcement", "it stands beside the outline"),
    "about": ("text about the course", "the description is the overview alone"),
    "drafts": ("draft", "it is not published there"),
    "textbooks": ("textbook", "it stands beside the outline"),
    "policies": ("settings", "it says nothing that has a place here"),
    "assets": ("settings", "it says how files are called and who may see them there"),
    "custom_tags": ("template", "it is a template of the course's own tags"),
    "wiki": ("wiki page", "Studium has no wiki"),
    "library": ("library", "only what the outline picks from it is taken"),
}
_OTHER = ("file", "nothing in the outline leads to it")
_WITH_WORDS = frozenset({".html", ".htm", ".xml", ".txt", ".md"})
_SIZE = 262_144


def description(tree: Tree, links: Links) -> tuple[str | None, list[ImportReportEntry]]:
    """The overview of the course, else its short description; whatever is in the way of one is said."""
    report = []
    for name in ("overview", "short_description"):
        path = PurePath("about") / f"{name}.html"
        if tree.root / path not in tree.paths:
            continue
        place = place_of(tree.root / path, 1)
        try:
            text = links.markdown(tree.optional(path, HTML_MAX) or "", place)
        except TooMuch:
            raise
        except ValueError as why:
            report.append(ImportReportEntry(name, place, ImportOutcome.SKIPPED, "description of the course", str(why)))
            continue
        changes = links.taken_changes()
        if text and len(text) <= DESCRIPTION_MAX:
            fate = ImportOutcome.CHANGED if changes else ImportOutcome.IMPORTED
            report.append(ImportReportEntry(name, place, fate, "description of the course", "; ".join(changes)))
            return text, report
        why_not = f"it has more than {DESCRIPTION_MAX:,} characters" if text else "it is empty"
        report.append(ImportReportEntry(name, place, ImportOutcome.SKIPPED, "description of the course", why_not))
    return None, report


def left_beside(material: ImportSource, tree: Tree) -> Iterator[ImportReportEntry]:
    """Every file of the course that was not read; of a folder with many, the first ones and how many more there are."""
    seen: Counter[str] = Counter()
    last: dict[str, tuple[PurePath, str, str]] = {}
    for path in sorted(material.paths):
        if path in tree.used:
            continue
        is_inside = path.is_relative_to(tree.root)
        top = path.relative_to(tree.root).parts[0] if is_inside else ""
        if is_inside and top == STATIC and len(path.relative_to(tree.root).parts) > 1:
            continue
        what, why = _FOLDERS.get(top, _OTHER) if is_inside else ("file", "it stands outside of the course")
        folder = path.parent.as_posix()
        seen[folder] += 1
        if seen[folder] <= EACH_MAX:
            yield ImportReportEntry(
                path.name, place_of(path, 1), ImportOutcome.SKIPPED, what, why + _words(material, path)
            )
        else:
            last[folder] = (path, what, why)
    for folder, (path, what, why) in sorted(last.items()):
        name = f"{seen[folder] - EACH_MAX:,} more in {folder}"
        yield ImportReportEntry(name, place_of(path, 1), ImportOutcome.SKIPPED, what, why)


def _words(material: ImportSource, path: PurePath) -> str:
    """How many words a small text has that people would read."""
    if path.suffix.lower() not in _WITH_WORDS:
        return ""
    try:
        words = words_of_markup(material.read(path, _SIZE))
    except ValueError:
        return ""
    return f"; it has {words} words" if words else ""
