"""Whatever Open edX's OLX reference and the sources of its blocks list is taken over or named in the report."""

from pathlib import Path

import pytest

from studium.modules.exchange.formats.html.text import html_to_markdown
from studium.modules.exchange.formats.olx.settings import left_out, plain
from studium.modules.exchange.model.items import ImportOutcome
from tests.importing.olx import CHOICE, course, imported, lesson, line, quiz, said

COMPONENTS = """
    abtest annotatable book conditional crowdsource_hinter customtag discussion done drag-and-drop-v2 edx_sga error
    freetextresponse google-calendar google-document h5pxblock hidden image image-explorer imageannotation
    library_sourced lti lti_consumer office365videoxblock openassessment pb-mcq pb-rating poll poll_question
    problem-builder raw recommender scorm slides split_test staffgradedxblock step-builder survey teams_certificate
    textannotation translate ubcpi videoannotation videodev vectordraw word_cloud
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.
CONTAINERS = ("itembank", "library_content", "problemset", "randomize", "unit", "vertical", "videosequence", "wrapper")


@pytest.mark.parametrize("tag", COMPONENTS)
def test_a_component_without_a_counterpart_is_named_with_its_words(tmp_path: Path, tag: str) -> None:
    item = imported(tmp_path, course(f"<{tag} display_name='It'>three small words<html>within</html></{tag}>"))
    found = line(item, "It")
    assert (found.fate, found.what, found.place) == (ImportOutcome.SKIPPED, tag, "course/r.xml:1")
    assert "4 words are left out with it" in found.why


@pytest.mark.parametrize("tag", CONTAINERS)
def test_a_component_that_holds_others_is_all_of_them(tmp_path: Path, tag: str) -> None:
    inside = f"<{tag} display_name='It'>loose words<html>one</html><problem>{CHOICE}</problem></{tag}>"
    item = imported(tmp_path, course(inside))
    assert (lesson(item).content, len(quiz(item).questions)) == ("one", 1)
    assert "2 words that stand between its parts were left out" in line(item, "It").why


COURSE_PAGES = ("wiki", "static_tab", "textbook", "pdf_textbook", "html_textbook", "discussion", "course_info", "about")


@pytest.mark.parametrize("tag", COURSE_PAGES)
def test_a_page_beside_the_outline_is_named(tmp_path: Path, tag: str) -> None:
    files = course("<html>words</html>")
    files["course/r.xml"] = str(files["course/r.xml"]).replace(
        "</course>", f"<{tag} slug='it'>two words</{tag}></course>"
    )
    item = imported(tmp_path, files)
    assert [each.why for each in item.report if each.what == tag] == ["it stands beside the outline; it has 2 words"]


@pytest.mark.parametrize(
    "path",
    [
        "about/overview.html", "about/short_description.html", "about/duration.html", "about/effort.html",
        "info/updates.html",
        "info/handouts.html", "info/updates.items.json", "tabs/syllabus.html", "drafts/vertical/x.xml",
        "textbooks/1/toc.xml",
        "policies/assets.json", "assets/assets.xml", "custom_tags/x", "wiki/x.html", "library/x.xml",
        "html/orphan.html",
        "problem/orphan.xml", "README.md", "chapter/orphan.xml", "notes/x.txt", "discussion/x.xml", "video/orphan.xml",
    ],
)  # fmt: skip
def test_every_file_of_a_course_is_read_or_named(tmp_path: Path, path: str) -> None:
    item = imported(tmp_path, course("<html>words</html>") | {path: "<p>two words</p>"})
    found = [each for each in item.report if each.place == f"{path}:1"]
    assert len(found) == 1
    assert found[0].fate is ImportOutcome.IMPORTED or found[0].why


def test_of_many_files_that_nothing_leads_to_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    item = imported(
        tmp_path, course("<html>words</html>") | {f"video/v{each:03}.xml": "<video/>" for each in range(130)}
    )
    names = [each.name for each in item.report if each.place.startswith("video/")]
    assert (len(names), names[-1]) == (101, "30 more in video")


RESPONSES = """
    annotationresponse chemicalequationresponse choicetextresponse coderesponse customresponse drag_and_drop_response
    externalresponse formularesponse imageresponse javascriptresponse jsinputresponse matlabresponse openendedresponse
    radiotextresponse schematicresponse symbolicresponse truefalseresponse
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.


@pytest.mark.parametrize("tag", RESPONSES)
def test_a_response_without_a_counterpart_is_named_with_its_words(tmp_path: Path, tag: str) -> None:
    item = imported(tmp_path, course(f"<problem display_name='It'><p>Three small words</p><{tag}/></problem>"))
    found = next(each for each in item.report if each.what == tag)
    assert (found.name, found.fate) == ("It", ImportOutcome.SKIPPED)
    assert "its text of 3 words is left out with it" in found.why


FIELDS = {
    "<choicegroup": ("answer-pool='4'", "a choice of options by chance (all are shown)"),
    "<multiplechoiceresponse": (
        "targeted-feedback='alwaysShowCorrectChoiceExplanation'",
        "feedback for single options",
    ),
    "<choice correct='true'": ("explanation-id='e' ", "explanations for single options"),
    "<choice correct='false'": ("point_value='0.5' ", "points for options that are half right"),
    "<choicegroup>": ("novel='1'", "the setting 'novel'"),
}


@pytest.mark.parametrize("place", FIELDS)
def test_what_a_field_says_is_named(tmp_path: Path, place: str) -> None:
    attribute, words = FIELDS[place]
    asked = CHOICE.replace(place, f"{place.removesuffix('>')} {attribute}{place[-1] if place[-1] == '>' else ''}", 1)
    item = imported(tmp_path, course(f"<problem display_name='It'>{asked}</problem>"))
    assert words in line(item, "It").why


@pytest.mark.parametrize(
    ("element", "why"),
    [
        (
            "<targetedfeedbackset><targetedfeedback>no</targetedfeedback></targetedfeedbackset>",
            "feedback for single options",
        ),
        ("<demandhint><hint>think</hint></demandhint>", "its hints were left out"),
        ("<script type='loncapa/python'>x = 1</script>", "its script was left out"),
        ("<solutionset><solution>why</solution></solutionset>", "explanations for single options"),
        ("<rubric>five</rubric>", "how people mark it"),
    ],
)
def test_what_stands_beside_a_response_is_named(tmp_path: Path, element: str, why: str) -> None:
    item = imported(tmp_path, course(f"<problem display_name='It'>{CHOICE}{element}</problem>"))
    assert why in line(item, "It").why


# Settings

COURSE = """
    advanced_modules advertised_start allow_proctoring_opt_out allow_public_wiki_access announcement banner_image
    catalog_visibility cert_html_view_enabled cert_html_view_overrides cert_name_long cert_name_short
    certificate_available_date certificates certificates_display_behavior certificates_show_before_end cohort_config
    cosmetic_display_price course_survey_name course_survey_required course_visibility course_wide_css course_wide_js
    days_early_for_beta disable_progress_graph discussion_blackouts discussion_link discussion_sort_alpha
    discussion_topics discussions_settings display_coursenumber display_organization edxnotes enable_ccx
    enable_proctored_exams enable_subsection_gating enable_timed_exams end end_of_course_survey_url enrollment_domain
    enrollment_end enrollment_start entrance_exam_enabled entrance_exam_minimum_score_pct graceperiod
    hide_progress_tab highlights_enabled_for_messaging html_textbooks info_sidebar_name instructor_info
    invitation_only is_new learning_info license lti_passports max_student_enrollments_allowed mobile_available
    no_grade pdf_textbooks pre_requisite_courses proctoring_provider remote_gradebook rerandomize self_paced
    show_calculator show_reset_button social_sharing_url start tabs teams_configuration textbooks user_partitions
    video_bumper video_thumbnail_image video_upload_pipeline
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.
LEVEL = """
    start due graceperiod format hide_after_due hide_from_toc is_entrance_exam is_onboarding_exam is_practice_exam
    is_proctored_enabled exam_review_rules group_access relative_weeks_due prereq min_score min_completion
    days_early_for_beta user_partitions highlights discussion_enabled
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.
VIDEO = """
    download_track download_video edx_video_id end_time from html5_sources only_on_web public_access source
    start_time sub thumbnail to track transcript_url transcripts video_auto_advance youtube_id_0_75 youtube_id_1_25
    youtube_id_1_5 license handout
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.
PROBLEM = """
    grading_method group_access matlab_api_key rerandomize show_reset_button submission_wait_seconds due graceperiod
    start format upstream
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.
TAKEN = {"video": {"html5_sources", "source", "handout", "track"}, "course": {"self_paced"}}
VALUE = {"is_proctored_enabled": "true", "from": "00:01:00", "to": "00:02:00", "start_time": "00:01:00"}


def attribute(key: str) -> str:
    return f"{key}='{VALUE.get(key, '7')}'"


@pytest.mark.parametrize("key", COURSE)
def test_a_setting_of_the_course_is_named(tmp_path: Path, key: str) -> None:
    item = imported(tmp_path, course("<html>words</html>", on_course=attribute(key)))
    words = left_out({key: "7"})
    assert words
    assert not words[0].startswith("the setting"), "in words, not as it is called in a file"
    assert words[0] in line(item, "Demo").why


@pytest.mark.parametrize("key", LEVEL)
@pytest.mark.parametrize("tag", ["chapter", "sequential", "vertical"])
def test_a_setting_of_a_level_is_named(tmp_path: Path, key: str, tag: str) -> None:
    files = course("<html>words</html>")
    files["course/r.xml"] = str(files["course/r.xml"]).replace(f"<{tag} ", f"<{tag} {attribute(key)} ")
    item = imported(tmp_path, files)
    assert left_out({key: VALUE.get(key, "7")})[0] in said(item)


@pytest.mark.parametrize("key", VIDEO)
def test_a_setting_of_a_video_is_taken_or_named(tmp_path: Path, key: str) -> None:
    value = "https://e.x/v.mp4" if key in TAKEN["video"] else VALUE.get(key, "7")
    item = imported(tmp_path, course(f"<video display_name='It' youtube='1.0:aBcDeFgHiJk' {key}='{value}'/>"))
    why = line(item, "It").why
    if key in {"handout", "track"}:
        assert lesson(item).content == "[v.mp4](https://e.x/v.mp4)"
    elif key in TAKEN["video"]:
        assert "1 other sources of the same video (https://e.x/v.mp4)" in why
    elif key.startswith("youtube_id"):
        assert "the video at other speeds" in why
    elif key != "edx_video_id":
        assert left_out({key: value})[0] in why


def test_a_video_in_the_store_of_the_other_system_is_named(tmp_path: Path) -> None:
    item = imported(tmp_path, course("<video display_name='It' edx_video_id='abc-123'/>"))
    assert "it lies in the store of the other system as 'abc-123'" in line(item, "It").why


@pytest.mark.parametrize("key", PROBLEM)
def test_a_setting_of_a_problem_is_named(tmp_path: Path, key: str) -> None:
    item = imported(tmp_path, course(f"<problem display_name='It' {attribute(key)}>{CHOICE}</problem>"))
    assert left_out({key: "7"})[0] in line(item, "It").why


def test_a_setting_that_nobody_knows_is_named_without_its_value(tmp_path: Path) -> None:
    item = imported(tmp_path, course("<html>words</html>", on_course="novel='a-secret' lti_passports='id:key:secret'"))
    assert "the setting 'novel'" in line(item, "Demo").why
    assert "secret" not in said(item).replace("secrets of tools of other servers", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [('"2030"', "2030"), ('"', '"'), (None, ""), (True, "true"), (2.5, "2.5"), ([1], "[1]"), ('"x', '"x')],
)
def test_a_value_is_the_same_however_it_is_written(value: object, text: str) -> None:
    assert plain(value) == text


# HTML

TAGS = """
    a abbr acronym address article aside b bdi bdo big blink blockquote body button caption center cite code data dd
    del details dfn dialog dir div dl dt em fieldset figcaption figure font footer form frameset h1 h2 h3 h4 h5 h6
    header hgroup html i ins kbd label legend li listing main mark marquee menu meter nav nobr noscript ol optgroup
    option output p pre progress q rb ruby s samp search section select slot small span strike strong sub summary
    sup table tbody td textarea tfoot th thead time tr tt u ul var xmp math
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize(
    "attributes", ["", "hidden", "style='display: none'", "aria-hidden='true' role='presentation'", "class='hidden'"]
)
def test_no_element_takes_its_words_along(tag: str, attributes: str) -> None:
    found = html_to_markdown(f"<div>before <{tag} {attributes}>within</{tag}> behind</div>")
    assert all(word in found for word in ("before", "within", "behind"))


NAMED = """
    script style svg canvas template iframe video audio object embed input select textarea button form math mark u
    ins font small big marquee blink bdo meter progress base dialog area
""".split()  # noqa: SIM905 -- a list of so many quoted words cannot be read.


@pytest.mark.parametrize("tag", sorted(set(NAMED) - {"area"}))
def test_an_element_that_markdown_has_not_is_named(tag: str) -> None:
    lost: list[str] = []
    html_to_markdown(f"<p>a <{tag} src='https://e.x/a'>b</{tag}> c</p>", lambda url: url, lost.append)
    assert lost


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<p style='color: red'>x</p>", "coloured words are shown plain"),
        ("<td bgcolor='#ff0'>x</td>", "coloured words are shown plain"),
        ("<p style='background-color:#ffeeaa'>x</p>", "coloured words are shown plain"),
        ("<p style='text-decoration: underline'>x</p>", "underlined words are shown plain"),
        ("<ol type='a'><li>x</li></ol>", "letters of a list are the numbers 1, 2, 3"),
        ("<ol style='list-style-type: lower-roman'><li>x</li></ol>", "letters of a list are the numbers 1, 2, 3"),
        ("<ol reversed><li>x</li></ol>", "a list that counts in its own way counts 1, 2, 3"),
        ("<table><tr><td colspan='2'>x</td></tr></table>", "joined cells of a table stand apart"),
        (
            "<table><tr><td><ul><li>x</li></ul></td></tr></table>",
            "lists and tables within a cell of a table are plain words",
        ),
        ("<span title='two words'>x</span>", "2 words that are shown while the mouse rests on something are left out"),
        ("<p onclick='f()'>x</p>", "what happens on a click is left out"),
        ("<img alt='x'>", "a picture without an address is left out"),
        ("<li>x <span style='display:none'>two words</span></li>", "2 words that a click showed are shown at once"),
        ("<p>x<iframe></iframe></p>", "an embedded page without an address is left out"),
        ("<svg><text>two words</text></svg>x", "a drawing that is part of the page (SVG) is left out, with 2 words"),
    ],
)
def test_formatting_that_carries_meaning_is_named(html: str, why: str) -> None:
    lost: list[str] = []
    assert "x" in html_to_markdown(html, lambda url: url, lost.append)
    assert why in lost


@pytest.mark.parametrize(
    "html", ["<p style='color: black; margin: 0'>x</p>", "<p style='background: none'>x</p>", "<p align='left'>x</p>"]
)
def test_mere_looks_are_not_named(html: str) -> None:
    lost: list[str] = []
    html_to_markdown(html, lambda url: url, lost.append)
    assert lost == []


WITHOUT_PICTURES = {"textarea", "option", "select", "optgroup", "xmp", "listing", "math", "frameset"}
PICTURE = "<img src='https://e.x/a.png' alt='A'>"


@pytest.mark.parametrize("tag", [*sorted(set(TAGS) - WITHOUT_PICTURES), "a href='https://e.x/'", "picture"])
def test_a_picture_is_kept_wherever_it_stands(tag: str) -> None:
    name = tag.partition(" ")[0]
    for html in (f"<{tag}>{PICTURE}</{name}>", f"<div><{tag}>words {PICTURE}</{name}> behind</div>"):
        assert "![A](https://e.x/a.png)" in html_to_markdown(html), html


@pytest.mark.parametrize("html", [
    "<img data-src='https://e.x/a.png' alt='A'>", "<img srcset='https://e.x/a.png 2x, b.png' alt='A'>",
    "<picture><source srcset='https://e.x/a.png'><img alt='A'></picture>",
    "<input type='image' src='https://e.x/a.png' alt='A'>",
])  # fmt: skip
def test_a_picture_is_found_by_any_of_its_addresses(html: str) -> None:
    assert html_to_markdown(html) == "![A](https://e.x/a.png)"
