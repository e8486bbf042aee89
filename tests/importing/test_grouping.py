"""Repeats in a report are one line, so that the rest is seen; nothing is lost from the counts."""

from studium.modules.exchange.model.grouping import MOST, grouped
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry
from tests.importing.studio import upload, zipped
from tests.world import World

CAPTIONS = [
    ImportReportEntry(f"c{n}.srt", f"static/c{n}.srt:1", ImportOutcome.SKIPPED, "file", "not taken")
    for n in range(1088)
]
PAGE = ImportReportEntry("Page", "a:1", ImportOutcome.IMPORTED, "lesson")
OTHER = ImportReportEntry("a.svg", "static/a.svg:1", ImportOutcome.SKIPPED, "file", "not taken")


def test_many_of_one_kind_are_one_line() -> None:
    first, *_ = CAPTIONS
    assert grouped([PAGE, *CAPTIONS, OTHER]) == (
        PAGE,
        ImportReportEntry(
            "1,088 files (.srt)", first.place, ImportOutcome.SKIPPED, "file",
            "not taken (static/c0.srt:1, static/c1.srt:1, static/c2.srt:1 …)", 1088,
        ),
        OTHER,
    )  # fmt: skip


def test_a_few_have_a_line_each() -> None:
    assert grouped(CAPTIONS[:MOST]) == tuple(CAPTIONS[:MOST])


def test_what_came_and_what_changed_in_the_course_is_never_grouped() -> None:
    came = [ImportReportEntry("Lesson", "a:1", ImportOutcome.IMPORTED, "lesson")] * 30
    gone = [ImportReportEntry("Why?", "", ImportOutcome.CHANGED, "question removed", "the source has it no more")] * 30
    assert grouped([*came, *gone]) == (*came, *gone)


async def test_the_summary_counts_every_item(world: World) -> None:
    page: dict[str, str | bytes] = {"course.md": "---\ntitle: T\n---\n", "01-a.md": "---\ntitle: A\n---\n"}
    done = await upload(world, "ada", zipped(page | {f"files/{n}.srt": f"{n}" for n in range(40)}))
    assert (done["summary"], len(done["report"])) == ({"imported": 2, "changed": 0, "skipped": 40}, 3)
    assert done["report"][-1]["count"] == 40
