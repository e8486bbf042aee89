"""The editor of a lesson, its earlier texts and the trash as plain pages: everything works without a script."""

import httpx2
import pytest

from studium.kit.base.clock import now
from studium.kit.http.schemas import MARKDOWN_MAX
from studium.models import Lesson, LessonType, LessonVersion
from studium.modules.courses.comparison import MOST_PAIRS
from studium.web.teacher.lessons import found
from tests.files.samples import MP4
from tests.web.school import ORIGIN, Tab, tab, text, tree
from tests.world import World

LESSON = "/teach/courses/{C1}/lessons/{L2}"
UPLOAD = "/teach/upload/lessons/{C1}/{L2}"
TRASH = "/teach/courses/{C1}/trash"


async def filled_in(visitor: Tab, path: str = LESSON, **changes: str) -> dict[str, str]:
    """The fields of the form as a browser would send them, with some changed."""
    page = tree(await visitor.get(path))
    (form,) = page.xpath("//form[@id='ed']")
    found = {name: value or "" for name, value in form.form_values()}
    return {**found, "content": found["content"].removeprefix("\n"), **changes}


async def stored(world: World) -> Lesson:
    return await world.row(Lesson, "L2")


async def test_a_text_is_saved_and_shown_as_learners_see_it(world: World):
    async with tab(world, "ada") as ada:
        fields = await filled_in(
            ada, content="\nSome **words**.\n\n    code\n", title="Other", duration_minutes="\u0667"
        )
        answer = await ada.post(LESSON, fields)
        assert (answer.status_code, answer.headers["location"]) == (303, world.filled(LESSON))
        page = tree(await ada.get(LESSON))
    lesson = await stored(world)
    assert (lesson.title, lesson.duration_minutes) == ("Other", 7)
    assert page.xpath("//*[@id='seen']//strong/text()") == ["words"]
    assert page.xpath("//textarea[@id='content']")[0].text.lstrip("\n") == (lesson.content or "").lstrip("\n")
    assert await world.count(LessonVersion) == 1


async def test_what_is_refused_is_shown_as_it_was_typed(world: World):
    async with tab(world, "ada") as ada:
        answer = await ada.post(LESSON, await filled_in(ada, title="", content="Mine.", duration_minutes="many"))
        page = tree(answer)
    assert answer.status_code == 422
    assert page.xpath("//textarea[@id='content']")[0].text.strip() == "Mine."
    assert page.xpath("//*[@id='duration_minutes']/@value") == ["many"]
    assert (await stored(world)).version == 1


async def test_a_text_that_was_saved_meanwhile_is_shown_beside_and_either_can_be_kept(world: World):
    async with tab(world, "ada") as ada:
        fields = await filled_in(ada, content="Mine.\nAlso mine.")
        await world.call("root", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": "Theirs.\nAlso mine."})
        answer = await ada.post(LESSON, fields)
        assert answer.status_code == 412
        page = tree(answer)
        assert page.xpath("//table[@class='compare']//del/text()") == ["Theirs."]
        assert page.xpath("//table[@class='compare']//ins/text()") == ["Mine."]
        (form,) = page.xpath("//form[@id='ed']")
        again = {name: (value or "").removeprefix("\n") for name, value in form.form_values()}
        assert (await ada.post(LESSON, {**again, "do": "theirs"})).status_code == 303
        assert (await stored(world)).content == "Theirs.\nAlso mine."
        fields = await filled_in(ada)
        assert (await ada.post(LESSON, {**again, "version": fields["version"]})).status_code == 303
    assert (await stored(world)).content == "Mine.\nAlso mine."
    items = (await world.call("ada", "GET", "/courses/{C1}/lessons/{L2}/versions")).json()["items"]
    texts = [
        (await world.call("ada", "GET", f"/courses/{{C1}}/lessons/{{L2}}/versions/{item['number']}")).json()["content"]
        for item in items
    ]
    assert {"Mine.\nAlso mine.", "Theirs.\nAlso mine."} <= set(texts), "nothing is lost"


async def test_elements_get_and_send_the_text_without_a_page(world: World):
    wants = {"accept": "application/json"}
    async with tab(world, "ada") as ada:
        held = (await ada.get(LESSON, **wants)).json()
        sent = {**{name: str(value) for name, value in held.items()}, "content": "Typed.", "autosave": "1"}
        saved = await ada.post(LESSON, sent, **wants)
        assert saved.json() == {"version": held["version"] + 1}
        behind = await ada.post(LESSON, sent, **wants)
        assert (behind.status_code, behind.json()["code"]) == (412, "precondition_failed")
        assert (await ada.get(LESSON, **wants)).json()["content"] == "Typed."
    async with tab(world) as nobody:
        assert (await nobody.post(LESSON, sent, **wants)).status_code == 401


async def test_what_one_page_saved_while_somebody_typed_is_kept_when_another_page_replaces_it(world: World):
    wants = {"accept": "application/json"}

    async def types(visitor: Tab, content: str, autosave: str) -> None:
        held = (await visitor.get(LESSON, **wants)).json()
        sent = {**{name: str(value) for name, value in held.items()}, "content": content, "autosave": autosave}
        assert (await visitor.post(LESSON, sent, **wants)).status_code == 200

    async with tab(world, "ada") as ada, tab(world, "root") as root:
        await types(ada, "Ada's.", "first")
        await types(ada, "Ada's, all of it.", "1")
        await types(root, "Root's.", "first")
        await types(root, "Root's, all of it.", "1")
    versions = await world.call("ada", "GET", "/courses/{C1}/lessons/{L2}/versions")
    texts = [
        (await world.call("ada", "GET", f"/courses/{{C1}}/lessons/{{L2}}/versions/{item['number']}")).json()["content"]
        for item in versions.json()["items"]
    ]
    assert texts[0] == "Ada's, all of it."
    assert "Root's." not in texts


MENDED = [
    ("See [here](x).", "0-link-1", {"words-0": "the map"}, "See [the map](x)."),
    ("# a\n\n#### b", "0-heading-3", {}, "# a\n\n## b"),
    ("![](a.png)", "0-picture-1", {"words-0": "A cat"}, "![A cat](a.png)"),
    ("![](a.png)", "0-heading-1", {}, "![](a.png)"),
    ("![](a.png)", "7-picture-1", {}, "![](a.png)"),
]


@pytest.mark.parametrize(("typed", "repair", "more", "mended"), MENDED)
async def test_a_button_mends_what_the_checker_found(
    world: World, typed: str, repair: str, more: dict[str, str], mended: str
):
    async with tab(world, "ada") as ada:
        fields = await filled_in(ada, content=typed, repair=repair, **more)
        preview = tree(await ada.post(LESSON + "/preview", fields))
        assert [one.text.strip("\n") for one in preview.xpath("//*[@id='mended']")] == [mended] * (mended != typed)
        assert (await stored(world)).version == 1, "a preview saves nothing"
        await ada.post(LESSON, fields)
    assert (await stored(world)).content == mended


async def test_remarks_lead_to_their_lines_and_offer_repairs(world: World):
    async with tab(world, "ada") as ada:
        fields = await filled_in(ada, content="![](a.png)\n\n| | |\n|-|-|\n| a | b |")
        await ada.post(LESSON, fields)
        page = tree(await ada.get(LESSON))
    assert page.xpath("//*[@id='remarks']//button/@value") == ["0-picture-1", "1-table-3"]
    assert page.xpath("//*[@id='remarks']//a/@data-line") == ["1", "3"]


async def multipart(visitor: Tab, path: str, name: str, content: bytes, **fields: str) -> httpx2.Response:
    answer = visitor.client.build_request(
        "POST",
        visitor.world.filled(path),
        files={"file": (name, content)},
        data=fields,
        headers={"sec-fetch-site": "same-origin", "origin": ORIGIN},
    )
    return await visitor.client.send(answer)


async def test_files_and_captions_are_uploaded_and_put_in(world: World):
    course = str(world.ids["C1"])
    async with tab(world, "ada") as ada:
        await ada.post(LESSON, await filled_in(ada, lesson_type="video"))
        taken = await multipart(ada, UPLOAD + "/files", "a [b].txt", b"hello" * 500_000, course_id=course)
        assert taken.status_code == 303, taken.text
        page = tree(await ada.get(LESSON))
        (put_in,) = page.xpath("//button[@name='insert'][contains(@value, 'a (b).txt')]/@value")
        await ada.post(LESSON, await filled_in(ada, content="Read:", insert=put_in))
        assert (await stored(world)).content == f"Read:\n\n{put_in}\n"
        said = b"1\n00:00:01,000 --> 00:00:02,000\nHello\n"
        for language in ("en", "ar", "en"):
            taken = await multipart(ada, f"{UPLOAD}/captions/{language}", "a.srt", said, course_id=course)
            assert taken.status_code == 303, taken.text
        assert [one["language"] for one in (await stored(world)).captions or ()] == ["ar", "en"]
        for odd in ("!!!", "-", "\u0661", "x" * 30):
            taken = await multipart(ada, f"{UPLOAD}/captions/{odd}", "a.srt", said, course_id=course)
            assert taken.status_code == 422, odd
        refused = await multipart(ada, UPLOAD + "/captions/en", "a.txt", b"hello", course_id=course)
        assert refused.status_code == 422
        await ada.post(LESSON + "/captions", {"language": "ar"})
    assert [one["language"] for one in (await stored(world)).captions or ()] == ["en"]


async def test_an_uploaded_film_becomes_the_video_of_a_lesson(world: World):
    async with tab(world, "ada") as ada:
        await ada.post(LESSON, await filled_in(ada, lesson_type="text", video_url=""))
        await multipart(ada, UPLOAD + "/files", "talk.mp4", MP4, course_id=str(world.ids["C1"]))
        (film,) = tree(await ada.get(LESSON)).xpath("//button[@name='film']/@value")
        assert (await ada.post(LESSON, await filled_in(ada, content="See:", film=film))).status_code == 303
        lesson = await stored(world)
        assert (lesson.lesson_type, lesson.video_url, lesson.content) == (LessonType.VIDEO, film, "See:")
        page = tree(await ada.get("/teach/courses/{C1}/lessons/{L3}"))
    assert page.xpath("//button[@name='film']") == [], "a quiz has no video"


@pytest.mark.parametrize(
    ("kind", "has", "name", "content", "said", "is_its_video"),
    [
        ("video", "", "talk.mp4", MP4, "The film is uploaded, and it is the video of the lesson.", True),
        ("video", "https://films.example/a.mp4", "talk.mp4", MP4, "The file is uploaded.", False),
        ("text", "", "talk.mp4", MP4, "The file is uploaded.", False),
        ("video", "", "a.txt", b"hello", "The file is uploaded.", False),
    ],
    ids=["empty", "taken", "text", "no-film"],
)
async def test_a_film_is_the_video_of_a_video_lesson_that_has_none(
    world: World, kind: str, has: str, name: str, content: bytes, said: str, *, is_its_video: bool
):
    async with tab(world, "ada") as ada:
        await ada.post(LESSON, await filled_in(ada, lesson_type=kind, video_url=has))
        sent = await multipart(ada, UPLOAD + "/files", name, content, course_id=str(world.ids["C1"]))
        assert said in text(await ada.get(sent.headers["location"]))
    found = (await stored(world)).video_url or ""
    assert found.startswith("/api/v1/files/" if is_its_video else has)
    assert is_its_video or found == has


async def test_an_earlier_text_is_compared_and_comes_back(world: World):
    async with tab(world, "ada") as ada:
        assert "There is no earlier version yet" in text(await ada.get(LESSON + "/versions"))
        before = (await stored(world)).content
        await ada.post(LESSON, await filled_in(ada, content="Other."))
        page = tree(await ada.get(LESSON + "/versions"))
        assert page.xpath("//ul[contains(@class, 'card')]//a/@href")[0] == world.filled(LESSON + "/versions/1")
        compared = tree(await ada.get(LESSON + "/versions/1"))
        assert compared.xpath("//table[@class='compare']//ins/text()") == ["Other."]
        late = await ada.post(LESSON + "/versions/1/restore", {"version": "1"})
        assert late.status_code == 412
        assert (await ada.post(LESSON + "/versions/1/restore", {"version": "2"})).status_code == 303
    assert (await stored(world)).content == before


async def test_what_was_removed_comes_back_from_the_trash(world: World):
    async with tab(world, "ada") as ada:
        assert "The trash is empty" in text(await ada.get(TRASH))
        await world.call("ada", "DELETE", "/courses/{C1}/quizzes/{Q1}")
        await world.call("ada", "DELETE", "/courses/{C1}/lessons/{L3}")
        actions = tree(await ada.get(TRASH)).xpath("//form[contains(@action, '/trash/')]/@action")
        assert len(actions) == 2
        early = await ada.post(actions[1])
        assert early.status_code == 409
        assert "belonged" in text(early)
        lesson = await ada.post(actions[0])
        assert lesson.headers["location"] == world.filled("/teach/courses/{C1}/outline?lesson={L3}")
        quiz = await ada.post(actions[1])
        assert quiz.headers["location"] == world.filled("/teach/courses/{C1}/quizzes/{Q1}")
        assert (await ada.post(actions[1])).status_code == 404


@pytest.mark.parametrize("path", [LESSON, LESSON + "/versions", LESSON + "/versions/1", TRASH])
async def test_only_those_who_edit_the_course_see_it(world: World, path: str):
    await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": "Other."})
    for who, status in (("sam", 403), ("eve", 403), ("root", 200)):
        async with tab(world, who) as visitor:
            assert (await visitor.get(path)).status_code == status, who
    async with tab(world, "eve") as eve:
        for place in (LESSON, LESSON + "/preview", LESSON + "/versions/1/restore", LESSON + "/captions"):
            assert (await eve.post(place, {"content": "x"})).status_code == 403, place


async def test_a_comparison_of_many_lines_shows_the_first_of_them(world: World):
    """The page shows what the API folds and cuts. The long text is none that is rendered, which takes long."""
    at = {"lesson_id": world.ids["L2"], "title": "Long", "written_at": now(), "replaced_at": now()}
    await world.add(LessonVersion(number=1, content="Two\n" + "a\n" * 99_990, by_autosave=False, **at))
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(f"{LESSON}/versions/1"))
    rows = page.xpath("//table[@class='compare']/tbody/tr")
    assert [row.get("class") for row in rows] == ["same"] + ["removed"] * (MOST_PAIRS - 1) + ["gap"]
    assert "97991 more lines are not shown" in rows[-1].text_content()


async def test_a_comparison_says_how_many_lines_are_the_same(world: World):
    lines = [f"line {number}" for number in range(20)]
    for content in ("\n".join(lines), "\n".join([*lines, "more"]), "\n".join([*lines, "more"])):
        await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": content})
    number = (await stored(world)).version - 1
    for language, told in (("en", "17 lines are the same"), ("ar", "17 سطرًا متطابقًا")):
        async with tab(world, "ada", **{"accept-language": language}) as ada:
            rows = tree(await ada.get(f"{LESSON}/versions/{number}")).xpath("//table[@class='compare']/tbody/tr")
        assert [row.get("class") for row in rows] == ["gap", "same", "same", "same", "added"]
        assert told in rows[0].text_content()


async def test_two_texts_that_are_the_same_are_said_to_be(world: World):
    text = "\n".join(f"line {number}" for number in range(20))
    at = {"lesson_id": world.ids["L2"], "title": "Same", "written_at": now(), "replaced_at": now()}
    await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": text})
    await world.add(LessonVersion(number=9, content=text, by_autosave=False, **at))
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(f"{LESSON}/versions/9"))
    assert page.xpath("//table[@class='compare']/tbody/tr")[0].text_content() == "Both texts are the same."


async def test_a_text_that_is_too_long_is_kept_in_the_form_and_looked_through_by_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async def never(*_: object, **__: object) -> None:
        pytest.fail("it was looked through")

    async with tab(world, "ada") as ada:
        typed = await filled_in(ada, content="a" * (MARKDOWN_MAX + 1), repair="0-picture-1")
        monkeypatch.setattr(found, "check", never)
        monkeypatch.setattr(found, "html_of", never)
        refused = await ada.post(LESSON, typed)
        assert (refused.status_code, "This is too long." in text(refused)) == (422, True)
        assert tree(refused).xpath("string(//textarea[@id='content'])").strip() == typed["content"]
        assert (await ada.post(LESSON + "/preview", typed)).status_code == 422
