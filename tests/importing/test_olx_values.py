"""What real courses of Open edX write, and what is right: names, videos, pages, pictures, exams."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from studium.kit.text.markdown import markdown_to_html
from studium.models import QuizType
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.exchange.model.true_names import true_name
from tests.importing.olx import CHOICE, PIXEL, course, imported, lesson, line, quiz, said
from tests.importing.studio import tarred, upload
from tests.world import World

ID = "aBcDeFgHiJk"
WATCH = f"https://www.youtube.com/watch?v={ID}"


@pytest.mark.parametrize(
    "attributes",
    [
        f"youtube='1.0:{ID}'", f"youtube='1.00:{ID}'", f"youtube='{ID}'", f"youtube='1:{ID}'",
        f"youtube=' 1.0 : {ID} '",
        f"youtube='0.75:xxxxxxxxxxx,1.0:{ID},1.25:yyyyyyyyyyy'", f"youtube='1.50:yyyyyyyyyyy, 1.00:{ID}'",
        f"youtube='https://www.youtube.com/watch?v={ID}&amp;t=3'", f"youtube='https://youtu.be/{ID}'",
        f"youtube='youtu.be/{ID}'",
        f"youtube='1.0:https://www.youtube.com/embed/{ID}'", f"youtube_id_1_0='{ID}'",
        f"youtube_id_1_0='&quot;{ID}&quot;'",
        f"youtube_id_1_0='http://m.youtube.com/watch?v={ID}'", f"youtube='https://www.youtube-nocookie.com/embed/{ID}'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["video", "videoalpha"])
def test_any_spelling_of_a_video_on_youtube_is_the_same_video(tmp_path: Path, attributes: str, tag: str) -> None:
    item = imported(tmp_path, course(f"<{tag} display_name='Lecture' {attributes}/>"))
    assert lesson(item).video_url == WATCH
    assert line(item, "Lecture").fate is not ImportOutcome.SKIPPED


@pytest.mark.parametrize(
    "address", ["https://evil.example/watch?v=aBcDeFgHiJk", "1.5:aBcDeFgHiJk", "youtube.com.evil.example/x"]
)
def test_what_is_no_video_of_youtube_is_none(tmp_path: Path, address: str) -> None:
    item = imported(tmp_path, course(f"<video display_name='Lecture' youtube='{address}'/>"))
    assert lesson(item).video_url is None
    assert line(item, "Lecture").fate is ImportOutcome.SKIPPED


def test_the_papers_of_a_video_are_links(tmp_path: Path) -> None:
    files = course(f"<video youtube='1.0:{ID}' handout='/static/a.pdf' track='/static/b.pdf'/>")
    item = imported(tmp_path, files | {"static/a.pdf": b"%PDF-", "static/b.pdf": b"%PDF-"})
    assert [each.split("](")[0] for each in (lesson(item).content or "").split("\n\n")] == ["[a.pdf", "[b.pdf"]


@pytest.mark.parametrize(
    ("filename", "path"),
    [
        ("intro", "html/intro.html"), ("intro.html", "html/intro.html"), ("intro.html", "html/intro.html.html"),
        ("a:intro", "html/a/intro.html"), ("html/intro.html", "html/intro.html"),
    ],
)  # fmt: skip
def test_a_page_is_found_as_open_edx_finds_it(tmp_path: Path, filename: str, path: str) -> None:
    files = course("<html url_name='intro'/>")
    page = {"html/intro.xml": f"<html filename='{filename}' display_name='Intro'/>", path: "<p>Welcome aboard.</p>"}
    assert lesson(imported(tmp_path, files | page)).content == "Welcome aboard."


def test_a_page_without_a_file_that_describes_it(tmp_path: Path) -> None:
    item = imported(tmp_path, course("<html url_name='intro'/>") | {"html/intro.html": "<p>Welcome aboard.</p>"})
    assert lesson(item).content == "Welcome aboard."


PICTURE = f'<img src="data:image/png;base64,{PIXEL}" alt="dot"/>'


async def test_a_picture_that_is_written_in_is_a_file_of_the_course(world: World) -> None:
    files = course(
        f"<html><p>{PICTURE}</p></html><problem><p>Many?</p>{PICTURE}<numericalresponse answer='25'/></problem>"
    )
    done = await upload(world, "ada", tarred(files), "course.tar.gz")
    names = [each["name"] for each in done["report"] if each["what"] == "file"]
    assert len(names) == 1, "the same picture is stored once"
    lessons = (await world.call("ada", "GET", f"/courses/{done['course_id']}/lessons")).json()["items"]
    address = lessons[-1]["content"].partition("![dot](")[2].partition(")")[0]
    shown = await world.call("ada", "GET", address.removeprefix("/api/v1"))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("data:image/png;base64,////", "a picture that is damaged is left out"),
        ("data:image/png;base64,!", "a picture that is damaged is left out"),
        ("data:image/svg+xml;utf8,<svg/>", "something written into the page itself is left out"),
        ("data:text/plain;base64,aGk=", "something written into the page itself is left out"),
    ],
)
def test_what_is_written_in_and_no_picture_is_named(tmp_path: Path, address: str, why: str) -> None:
    item = imported(tmp_path, course(f"<html><![CDATA[<p>x <img src='{address}' alt='dot'/></p>]]></html>"))
    assert (lesson(item).content, item.files) == ("x dot", ())
    assert why in said(item)


def test_pictures_written_in_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.modules.exchange.formats.html.written_pictures.BYTES_MAX", 50)
    item = imported(tmp_path, course(f"<html><p>{PICTURE}</p></html>"))
    assert item.files == ()
    assert "pictures written into pages are left out beyond" in said(item)


POLICY = {
    "course/r": {"display_name": "Motion", "showanswer": "never"},
    "chapter/wk1": {"display_name": "Week One"},
    "sequential/hw1": {"display_name": "Homework 1", "graded": True, "format": "Homework", "due": "2030-03-01T00:00"},
    "problem/p1": {"display_name": "Falling", "max_attempts": 2, "weight": 3},
    "video/gone": {"display_name": "Gone"},
}
BY_POLICY: dict[str, str | bytes] = {
    "course.xml": "<course org='o' course='c' url_name='r'/>",
    "course/r.xml": "<course><chapter url_name='wk1'/></course>",
    "chapter/wk1.xml": "<chapter><sequential url_name='hw1'/></chapter>",
    "sequential/hw1.xml": "<sequential><problem url_name='p1'/></sequential>",
    "problem/p1.xml": f"<problem>{CHOICE}</problem>",
}


@pytest.mark.parametrize("path", ["policies/r/policy.json", "policies/r.json"])
def test_policies_hold_for_every_block(tmp_path: Path, path: str) -> None:
    item = imported(tmp_path, BY_POLICY | {path: json.dumps(POLICY)})
    assert item.course.title == "Motion"
    assert [each.title for each in item.course.lessons] == ["Week One", "Homework 1", "Falling"]
    found = quiz(item)
    assert (found.quiz_type, found.max_attempts, found.show_correct_answers) == (QuizType.GRADED, 2, False)
    assert [each.points for each in found.questions] == [3]
    assert line(item, "Homework 1").why == "left out: a due date (2030-03-01), the kind of assignment (Homework)"
    assert line(item, "video/gone").why == "nothing of that name is in the outline"


def test_keys_stay_hidden_where_the_policy_cannot_be_read(tmp_path: Path) -> None:
    item = imported(tmp_path, BY_POLICY | {"policies/r.json": '{"course/r": {"showanswer": "always"} "x": {}}'})
    assert not quiz(item).show_correct_answers
    assert line(item, "r.json").why.startswith("not valid JSON (line 1), so its settings are not taken over")


def test_how_a_course_is_graded_is_taken_over_or_named(tmp_path: Path) -> None:
    grading = {
        "GRADER": [{"type": "Homework", "weight": 0.15, "drop_count": 2}, {"type": "Exam", "weight": 0.85}],
        "GRADE_CUTOFFS": {"A": 0.9, "B": 0.55},
        "RULES": 1,
    }
    item = imported(tmp_path, BY_POLICY | {"grading_policy.json": json.dumps(grading)})
    assert quiz(item).passing_score == 55
    lost = "was left out: here each quiz counts for itself"
    assert line(item, "grading policy").why.split("; ") == [
        "graded quizzes are passed with 55 per cent",
        "the grades (A from 90.0, B from 55.00 per cent) were left out",
        f"Homework as 15.00 per cent of the grade and the worst 2 of Homework not counting {lost}",
        f"Exam as 85.00 per cent of the grade {lost}",
        "other rules were left out: RULES",
    ]


EXAM = "graded='true' format='Exam' due='2030-01-01T00:00:00Z' start='2029-01-01T08:30:00Z' hide_after_due='true'"
TIMED = "is_time_limited='true' default_time_limit_minutes='30'"
SHUFFLED = CHOICE.replace("<choicegroup", "<choicegroup shuffle='true'")


def test_an_exam_keeps_its_rules(tmp_path: Path) -> None:
    problem = f"<problem showanswer='never' max_attempts='1'>{SHUFFLED}</problem>"
    item = imported(tmp_path, course(problem, on_sequential=f"{EXAM} {TIMED}"))
    found = quiz(item)
    assert (found.time_limit_minutes, found.max_attempts, found.quiz_type) == (30, 1, QuizType.GRADED)
    assert (found.show_correct_answers, found.shuffle_options) == (False, True)
    assert line(item, "Part").why == (
        "left out: a due date (2030-01-01), the kind of assignment (Exam), hiding it after the due date, "
        "a start date (2029-01-01T08:30:00Z); a time limit of 30 minutes is that of its quiz"
    )
    assert "the key is hidden, because its problems show it never" in line(item, "Unit").why


@pytest.mark.parametrize(
    ("where", "is_shown"),
    [
        ("showanswer='never'", False), ("showanswer='past_due'", False), ("showanswer='closed'", False),
        ("showanswer='after_all_attempts'", False), ("showanswer='&quot;never&quot;'", False),
        ("showanswer='Never'", False),
        ("show_correctness='never'", False), ("show_correctness='past_due'", False),
        ("showanswer='always'", True), ("showanswer='attempted'", True), ("showanswer='finished'", True),
        ("showanswer='answered'", True), ("showanswer=''", True), ("", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["problem", "sequential", "course"])
def test_a_key_that_is_hidden_there_stays_hidden(tmp_path: Path, where: str, place: str, *, is_shown: bool) -> None:
    problem = f"<problem {where if place == 'problem' else ''}>{CHOICE}</problem>"
    files = course(problem, **{f"on_{place}": where} if place != "problem" else {})
    item = imported(tmp_path, files)
    assert quiz(item).show_correct_answers is is_shown
    assert ("the key is hidden" in said(item)) is not is_shown


def test_a_key_after_some_attempts_stays_hidden(tmp_path: Path) -> None:
    setting = "showanswer='after_attempts' attempts_before_showanswer_button='3'"
    item = imported(tmp_path, course(f"<problem {setting}>{CHOICE}</problem>"))
    assert not quiz(item).show_correct_answers
    assert "its problems show it only after 3 attempts" in said(item)


def test_one_problem_that_hides_its_key_hides_that_of_the_quiz(tmp_path: Path) -> None:
    hidden = CHOICE.replace("<choicegroup", "<choicegroup show_correctness='never'")
    item = imported(tmp_path, course(f"<problem>{CHOICE}</problem><problem>{hidden}</problem>"))
    assert not quiz(item).show_correct_answers


def test_the_nearest_setting_counts(tmp_path: Path) -> None:
    files = course(f"<problem showanswer='always'>{CHOICE}</problem>", on_course="showanswer='never'")
    assert quiz(imported(tmp_path, files)).show_correct_answers


@pytest.mark.parametrize(
    ("inside", "minutes", "why"),
    [
        (
            "<problem>{0}</problem></vertical><vertical><problem>{0}</problem>",
            "30",
            "it is for all 2 quizzes in it together",
        ),
        ("<html>words</html>", "30", "it is for all 0 quizzes in it together"),
        ("<problem>{0}</problem>", "9999", "1 to 1,440 are possible"),
        ("<problem>{0}</problem>", "ten", "1 to 1,440 are possible"),
    ],
)
def test_a_time_limit_that_no_quiz_can_have_is_named(tmp_path: Path, inside: str, minutes: str, why: str) -> None:
    limit = f"is_time_limited='true' default_time_limit_minutes='{minutes}'"
    item = imported(tmp_path, course(inside.format(CHOICE), on_sequential=limit))
    assert all(each.quiz is None or each.quiz.time_limit_minutes is None for each in item.course.lessons)
    assert f"a time limit of {minutes} minutes was left out: {why}" in line(item, "Part").why


def test_options_with_a_fixed_place_are_not_shuffled(tmp_path: Path) -> None:
    fixed = SHUFFLED.replace("correct='false'", "correct='false' fixed='true'")
    item = imported(tmp_path, course(f"<problem display_name='P'>{fixed}</problem><problem>{SHUFFLED}</problem>"))
    assert not quiz(item).shuffle_options
    assert "its options are not shuffled, as some have a fixed place" in line(item, "P").why


def test_attempts_of_what_does_not_count_are_named(tmp_path: Path) -> None:
    item = imported(tmp_path, course(f"<problem max_attempts='2'>{CHOICE}</problem>"))
    assert quiz(item).max_attempts is None
    assert "at most 2 attempts were left out: a practice quiz has no limit" in line(item, "Unit").why


@pytest.mark.parametrize(("language", "names"), [
    ("", ["Section 1", "Subsection 1", "Unit 2"]), ("ar", ["القسم 1", "الجزء 1", "الوحدة 2"]), ("zh-cn", ["章节 1",
    "小节 1", "单元 2"]),
    ("xx", ["Section 1", "Subsection 1", "Unit 2"]),
])  # fmt: skip
def test_what_has_no_name_is_called_after_its_first_part_or_its_number(
    tmp_path: Path, language: str, names: list[str]
) -> None:
    video = f"<video display_name='Cells, part 3' youtube='{ID}'/>"
    units = f"<vertical><html/>{video}</vertical><vertical><html>words</html></vertical>"
    inside = f"<chapter><sequential>{units}</sequential></chapter>"
    files = {"course.xml": f"<course url_name='r' language='{language}'>{inside}</course>"}
    titles = [each.title for each in imported(tmp_path, files).course.lessons]
    assert titles == [*names[:2], "Cells, part 3", names[2]]


def test_a_problem_that_asks_nothing_is_a_page(tmp_path: Path) -> None:
    item = imported(tmp_path, course("<problem display_name='P'><p>Read this first.</p></problem>"))
    assert lesson(item).content == "Read this first."
    assert line(item, "P").why == "it asks nothing that has a key, so it is a page"


def test_words_at_a_field_stay(tmp_path: Path) -> None:
    response = "<stringresponse answer='5'><textline label='How long is it?' trailing_text='metres'/></stringresponse>"
    item = imported(tmp_path, course(f"<problem>{response}</problem>"))
    assert quiz(item).questions[0].question_text == "metres How long is it?"


def test_older_courses_name_things_in_another_way(tmp_path: Path) -> None:
    files = course("<problem filename='one'/><html slug='two' name='Two'>words</html>")
    item = imported(tmp_path, files | {"problem/one.xml": f"<problem display_name='One'>{CHOICE}</problem>"})
    assert [each.question_text for each in quiz(item).questions] == ["Which?"]
    assert line(item, "Two").what == "page in Markdown"


def test_a_draft_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    files = course("<html>words</html>")
    files["course/r.xml"] = str(files["course/r.xml"]).replace("</sequential>", "<vertical url_name='d'/></sequential>")
    item = imported(tmp_path, files | {"drafts/vertical/d.xml": "<vertical/>"})
    assert lesson(item).content == "words"
    assert line(item, "vertical/d").why == "it is a draft there, not published"


async def test_a_png_called_jpg_is_taken_for_what_it_is(world: World) -> None:
    files = course("<html><p>Look: <img src='/static/wheel.jpg' alt='wheel'/></p></html>")
    data = tarred(files | {"static/wheel.jpg": b64decode(PIXEL)})
    done = await upload(world, "ada", data, "course.tar.gz")
    kept = [(each["name"], each["fate"], each["why"]) for each in done["report"] if each["what"] == "file"]
    assert kept == [("wheel.jpg", "changed", "it is a PNG, so it is called .png here")]
    lessons = (await world.call("ada", "GET", f"/courses/{done['course_id']}/lessons")).json()["items"]
    address = lessons[-1]["content"].partition("![wheel](")[2].partition(")")[0]
    shown = await world.call("ada", "GET", address.removeprefix("/api/v1"))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert ".png" in shown.headers["content-disposition"]
    again = await upload(world, "ada", data, "course.tar.gz")
    assert again["outcome"] == "unchanged"


@pytest.mark.parametrize(("claimed", "head", "name"), [
    ("a.jpg", b"\xff\xd8\xff", "a.jpg"), ("a.JPEG", b"\xff\xd8\xff", "a.JPEG"), ("a.png", b"\xff\xd8\xff", "a.jpg"),
    ("a.gif", b"RIFF____WEBP", "a.webp"), ("a.b.PNG", b"GIF89a", "a.b.gif"), ("a.png", b"what?", "a.png"),
    ("a.pdf", b"\x89PNG\r\n\x1a\n", "a.pdf"), ("png", b"GIF89a", "png"),
])  # fmt: skip
def test_the_name_of_a_picture_is_that_of_its_kind(claimed: str, head: bytes, name: str) -> None:
    found, why = true_name(claimed, head)
    assert (found, bool(why)) == (name, name != claimed)


TOGGLE = (
    '<p>Press a heading to open it.</p><h4><button class="t">How to store a seed</button></h4>'
    '<div class="target" style="display:none"><p>Keep it dry and below ten degrees.</p></div>'
    '<h3><img src="/static/a.png" alt="Step A"/></h3><p>The end.</p>'
)


def test_what_a_click_shows_is_folded(tmp_path: Path) -> None:
    files = course("<html filename='h'/>") | {"html/h.html": TOGGLE, "static/a.png": b"\x89PNG\r\n\x1a\n"}
    item = imported(tmp_path, files)
    assert lesson(item).content == (
        "Press a heading to open it.\n\n#### How to store a seed\n\n<details><summary>More</summary>\n\n"
        f"Keep it dry and below ten degrees.\n\n</details>\n\n### Step A\n\n"
        f"![Step A]({item.files[0].token})\n\nThe end."
    )


def test_bold_before_a_letter_is_shown_bold(tmp_path: Path) -> None:
    html = "<html><p><strong>Task:</strong>Build an arch.</p><p>这是<b>“重点”</b>内容。</p></html>"
    content = lesson(imported(tmp_path, course(html))).content or ""
    shown = markdown_to_html(content)
    assert "*" not in shown
    assert shown == "<p><strong>Task</strong>:Build an arch.</p>\n<p>这是“<strong>重点</strong>”内容。</p>\n"


def test_the_same_source_gives_the_same_course_and_report(tmp_path: Path) -> None:
    files = course(f"<html>{TOGGLE}</html><problem>{CHOICE}</problem>") | {"policies/r/policy.json": json.dumps(POLICY)}
    first, second = imported(tmp_path / "a", files), imported(tmp_path / "b", files)
    assert (first.course, first.report, first.lesson_ids) == (second.course, second.report, second.lesson_ids)
