"""A lesson with a video: captions, a transcript without a script, and players of other sites that wait for a click."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser

from studium.kit.base.languages import language_name
from studium.models import UploadedFile
from studium.web.players import foreign_player
from tests.files.helpers import Desk
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture among them.
from tests.web.school import tab, text, tree
from tests.world import World

PLACE = "/courses/course-c1/lesson-l2"
EN = b"""WEBVTT

00:00:01.000 --> 00:00:02.500
<v Mia>Hello <b>&lt;you&gt;</b>.

01:00:03.000 --> 01:00:04.000
Bye.
"""
AR = "WEBVTT\n\n00:00:05.000 --> 00:00:06.000\nمرحبًا\n".encode()  # noqa: RUF001 -- Arabic.


async def caption_file(world: World, name: str, content: bytes) -> str:
    file = await Desk(world).take("ada", name, content, course_id=str(world.ids["C1"]))
    return str(file["file_url"])


async def show_video(world: World, **fields: Any) -> None:  # noqa: ANN401 -- members of any type.
    """L2 shows a film of the course, with what is given besides."""
    wish = {"video_url": f"/api/v1/files/{world.ids['F3']}/download", **fields}
    answer = await world.call("ada", "PATCH", f"/courses/{world.ids['C1']}/lessons/{world.ids['L2']}", json=wish)
    assert answer.status_code == 200, answer.text


async def with_captions(world: World) -> list[str]:
    urls = [await caption_file(world, "talk.en.vtt", EN), await caption_file(world, "talk.ar.vtt", AR)]
    await show_video(
        world, captions=[{"language": tag, "url": url} for tag, url in zip(("en-GB", "ar"), urls, strict=True)]
    )
    return [url.split("/")[-2] for url in urls]


async def test_a_video_has_captions_and_a_transcript_that_leads_into_it(world: World):
    ids = await with_captions(world)
    async with tab(world, "sam") as sam:
        page = tree(await sam.get(PLACE))
        assert [dict(track.attrib) for track in page.xpath("//video//track")] == [
            {"kind": "captions", "src": f"/files/{ids[0]}/captions", "srclang": "en-GB", "label": "English (GB)"},
            {"kind": "captions", "src": f"/files/{ids[1]}/captions", "srclang": "ar", "label": "العربية"},
        ]
        (transcript,) = page.xpath("//details[@id='transcript']")
        assert "open" in transcript.attrib
        assert transcript.xpath(".//h2")[0].text_content() == "Transcript"
        (skip,) = transcript.xpath(".//a[@href='#past-transcript']")
        assert skip.text_content() == "Skip the transcript"
        assert transcript.xpath("*[last()]/@id") == ["past-transcript"]
        lines = page.xpath("//details[@id='transcript']//li")
        assert [" ".join(line.text_content().split()) for line in lines] == ["0:01Mia: Hello <you>.", "1:00:03Bye."]
        assert page.xpath("//video-transcript//li/a/@href") == ["?at=1#player", "?at=3603#player"]
        assert "/static/lesson." in "".join(page.xpath("//script/@src"))
        there = tree(await sam.get(f"{PLACE}?at=3603"))
        assert str(there.xpath("//video/@src")[0]).endswith("#t=3603")
        other = tree(await sam.get(f"{PLACE}?transcript=AR"))
        (details,) = other.xpath("//details[@id='transcript']")
        assert details.xpath(".//ol/@lang") == ["ar"]
        assert "مرحبًا" in details.text_content()
        assert tree(await sam.get(f"{PLACE}?transcript=fr")).xpath("//ol/@lang") == ["en-GB"]
        for wrong in ("-1", "x", "999999999"):
            assert (await sam.get(f"{PLACE}?at={wrong}")).status_code == 422
        track = await sam.get(f"/files/{ids[0]}/captions")
        assert (track.content, track.headers["content-type"]) == (EN, "text/vtt; charset=utf-8")
        known = await sam.get(f"/files/{ids[0]}/captions", **{"if-none-match": track.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert (await sam.get("/files/{F3}/captions")).status_code == 404


async def test_the_transcript_is_in_the_language_of_the_page(world: World):
    await with_captions(world)
    async with tab(world, "sam", **{"accept-language": "ar"}) as sam:
        assert tree(await sam.get(PLACE)).xpath("//details[@id='transcript']//ol/@lang") == ["ar"]


async def test_captions_are_for_those_who_may_read_them(world: World):
    ids = await with_captions(world)
    for who, status in ((None, 303), ("mia", 404), ("sam", 200), ("ada", 200)):
        async with tab(world, who) as visitor:
            assert (await visitor.get(f"/files/{ids[0]}/captions")).status_code == status
    path = f"/courses/{world.ids['C1']}/lessons/{world.ids['L2']}"
    assert (await world.call("ada", "PATCH", path, json={"is_preview": True})).status_code == 200
    async with tab(world) as nobody:
        page = tree(await nobody.get(PLACE))
        assert page.xpath("//video")
        assert page.xpath("//track | //details[@id='transcript']") == []


async def test_a_transcript_that_cannot_be_read_now_says_so(world: World):
    ids = await with_captions(world)
    async with world.runtime.database.read_session() as session:
        path = (await session.get_one(UploadedFile, UUID(ids[0]))).storage_path
    await world.runtime.storage.delete(path)
    async with tab(world, "sam") as sam:
        answer = await sam.get(PLACE)
        assert answer.status_code == 200
        assert "The transcript cannot be shown now." in text(answer)
        assert (await sam.get(f"/files/{ids[0]}/captions")).status_code == 404


async def test_captions_cost_one_statement(world: World):
    async def statements() -> int:
        async with tab(world, "sam") as sam, world.counting() as seen:
            assert (await sam.get(PLACE)).status_code == 200
        return len(seen)

    await show_video(world)
    await statements()
    without = await statements()
    await with_captions(world)
    await statements()
    assert await statements() <= without + 1


@pytest.mark.parametrize(
    ("address", "name", "player"),
    [
        (
            "https://www.youtube.com/watch?v=aBcDeFgHiJk",
            "YouTube",
            "https://www.youtube-nocookie.com/embed/aBcDeFgHiJk",
        ),
        ("https://youtu.be/aBcDeFgHiJk?t=1m30s", "YouTube", "https://www.youtube-nocookie.com/embed/aBcDeFgHiJk"),
        ("https://m.youtube.com/shorts/aBcDeFgHiJk", "YouTube", "https://www.youtube-nocookie.com/embed/aBcDeFgHiJk"),
        ("https://www.youtube-nocookie.com/embed/aBcDeFgHiJk", "YouTube", "https://www.youtube-nocookie.com/embed/aBc"),
        ("https://vimeo.com/123456789", "Vimeo", "https://player.vimeo.com/video/123456789?autoplay=1&dnt=1"),
        ("https://vimeo.com/123456789/abcdef1234", "Vimeo", "https://player.vimeo.com/video/123456789"),
        ("https://player.vimeo.com/video/123456789?h=abcdef1234", "Vimeo", "https://player.vimeo.com/video/123456789"),
        ("https://www.youtube.com/watch?v=a%22onload", None, None),
        ("https://www.youtube.com/playlist?list=abc", None, None),
        ("https://youtube.com.evil.example/watch?v=aBcDeFgHiJk", None, None),
        ("https://evil.example/youtube.com/watch?v=aBcDeFgHiJk", None, None),
        ("http://www.youtube.com/watch?v=aBcDeFgHiJk", None, None),
        ("https://www.youtube.com:8443/watch?v=aBcDeFgHiJk", None, None),
        ("https://vimeo.com/about", None, None),
        ("https://[", None, None),
        ("https://videos.example.com/a", None, None),
    ],
)
def test_players_that_are_known(address: str, name: str | None, player: str | None):
    found = foreign_player(address)
    assert (None if found is None else found.name) == name
    assert found is None or (player is not None and found.address.startswith(player))
    assert found is None or found.address.startswith(f"{found.origin}/")


def test_where_a_foreign_video_begins_and_what_shares_it():
    youtube, vimeo = (
        foreign_player("https://youtu.be/aBcDeFgHiJk?t=1m30s"),
        foreign_player("https://vimeo.com/1234567/abcdef1"),
    )
    assert youtube is not None
    assert youtube.address.endswith("&start=90")
    assert vimeo is not None
    assert vimeo.address.endswith("&h=abcdef1")
    later = foreign_player("https://youtu.be/aBcDeFgHiJk?t=1m30s", 7), foreign_player("https://vimeo.com/1234567", 7)
    told = [one and one.address.partition("?")[2] for one in later]
    assert told == ["autoplay=1&rel=0&start=7", "autoplay=1&dnt=1#t=7s"]


@pytest.mark.parametrize("video_url", ["https://youtu.be/aBcDeFgHiJk", "https://videos.example.com/watch/1"])
async def test_a_foreign_video_with_captions_has_its_transcript_too(world: World, video_url: str):
    """Its lines lead into a player that is known; into a mere link they cannot."""
    await with_captions(world)
    await show_video(world, video_url=video_url)
    plays = "youtu" in video_url
    async with tab(world, "sam") as sam:
        page = tree(await sam.get(PLACE))
        lines = [" ".join(line.text_content().split()) for line in page.xpath("//details[@id='transcript']//li")]
        assert lines == ["0:01Mia: Hello <you>.", "1:00:03Bye."]
        assert page.xpath("//details//li/a/@href[contains(., '?at')]") == ["?at=1#player", "?at=3603#player"] * plays
        assert page.xpath("//track") == []
        players = tree(await sam.get(f"{PLACE}?at=3603")).xpath("//foreign-player[@id='player']/@src")
        assert [str(player).rpartition("&")[2] for player in players] == ["start=3603"] * plays


async def test_a_foreign_video_waits_for_a_click_and_is_a_link_without_a_script(world: World):
    async with tab(world, "sam") as sam:
        await show_video(world, video_url="https://www.youtube.com/watch?v=aBcDeFgHiJk")
        answer = await sam.get(PLACE)
        page = tree(answer)
        assert page.xpath("//iframe | //video | //*[contains(@href, 'nocookie')]") == []
        assert "Its player belongs to Google." in text(answer)
        assert page.xpath("//foreign-player//a/@href") == ["https://www.youtube.com/watch?v=aBcDeFgHiJk"]
        assert "hidden" in page.xpath("//foreign-player//button")[0].attrib
        assert answer.headers["content-security-policy"].endswith("; frame-src https://www.youtube-nocookie.com")
        other = await sam.get("/courses/course-c1/lesson-l1")
        assert "frame-src" not in other.headers["content-security-policy"]
        await show_video(world, video_url="https://videos.example.com/watch/1")
        unknown = await sam.get(PLACE)
        assert "frame-src" not in unknown.headers["content-security-policy"]
        assert "Watch the video at its own place" in text(unknown)


@pytest.mark.parametrize(
    ("tag", "name"), [("en", "English"), ("pt-BR", "Português (BR)"), ("AR", "العربية"), ("tlh", "tlh"), ("x-y", "x-y")]
)
def test_a_language_is_called_as_it_calls_itself(tag: str, name: str):
    assert language_name(tag) == name


# In a browser

IN_A_BROWSER = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


@IN_A_BROWSER
@pytest.mark.timeout(240)
async def test_a_line_of_the_transcript_plays_from_there(school: Eyes):
    await with_captions(school.world)
    async with school.look(PLACE, "sam", viewport={"width": 360, "height": 740}) as look:
        page = look.page
        await page.evaluate("customElements.whenDefined('video-transcript')")
        await page.evaluate("document.querySelector('video').play = async () => { window.played = true; }")
        await page.get_by_role("link", name="1:00:03").click()
        assert await page.evaluate("[window.played, location.search]") == [True, ""]
        await page.evaluate(
            """() => { const video = document.querySelector("video");
            Object.defineProperty(video, "currentTime", {value: 3700, configurable: true});
            video.dispatchEvent(new Event("timeupdate")); }"""
        )
        assert (await page.locator("#transcript [aria-current=time]").inner_text()).startswith("1:00:03")
        await page.get_by_role("link", name="Skip the transcript").press("Enter")
        assert await page.evaluate("document.activeElement.id") == "past-transcript"
        cues = "new Promise(done => { const [track] = document.querySelector('video').textTracks;"
        cues += " track.mode = 'hidden'; document.querySelector('track').onload = () => done(track.cues.length); })"
        assert await page.evaluate(cues) == 2
        assert await look.axe() == []
        assert [line for line in look.said if "media" not in line.lower()] == []


@IN_A_BROWSER
@pytest.mark.timeout(240)
async def test_nothing_is_asked_of_a_foreign_host_before_the_click(school: Eyes):
    await show_video(school.world, video_url="https://vimeo.com/123456789")
    async with school.look(PLACE, "sam") as look:
        page = look.page
        await page.context.route(
            re.compile("^https:"), lambda route: route.fulfill(body="<p>a player</p>", content_type="text/html")
        )
        assert [url for url in look.requests if not url.startswith(school.address)] == []
        assert await look.axe() == []
        await page.get_by_role("button", name="Play it here").click()
        frame = page.frame_locator("foreign-player iframe")
        assert await frame.locator("p").inner_text() == "a player"
        asked = [url for url in look.requests if not url.startswith(school.address)]
        assert asked == ["https://player.vimeo.com/video/123456789?autoplay=1&dnt=1"]
        assert look.said == []
