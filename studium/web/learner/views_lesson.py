"""What the page of a lesson shows: its text, its video with captions, the lessons around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

from studium.kit.base.languages import language_name
from studium.kit.text.captions import Cue
from studium.kit.text.links import is_own_file
from studium.modules.courses.schemas import LessonOut
from studium.web.files import own_file, own_files
from studium.web.learner.views import Step, Way
from studium.web.players import ForeignPlayer, foreign_player

_PLAYED = (".mp4", ".webm", ".ogv", ".m4v", ".mov")
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Track:
    """Captions in one language, by the name that it has for itself."""

    language: str
    address: str

    @property
    def name(self) -> str:
        """What the player calls it."""
        return language_name(self.language)


@dataclass(frozen=True, slots=True)
class Line:
    """What is said at a time of the video; `at` is in seconds."""

    at: int
    words: str

    @property
    def clock(self) -> str:
        """The time as the player shows it."""
        minutes, seconds = divmod(self.at, _MINUTE)
        hours, minutes = divmod(minutes, _MINUTE)
        return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


@dataclass(frozen=True, slots=True)
class Said:
    """The captions of a video, and the transcript in one language: `cues` is None where it cannot be read now."""

    tracks: Sequence[Track] = ()
    chosen: Track | None = None
    cues: Sequence[Cue] | None = None

    def lines(self) -> Iterator[Line]:
        """The transcript; what is shown twice in a row is said once."""
        before = ""
        for cue in self.cues or ():
            words = cue.words
            if words and words != before:
                yield Line(cue.start // 1000, words)
            before = words


@dataclass(frozen=True, slots=True)
class Reading:
    """A lesson that is open, and the ones around it. `start` is where its video begins, in seconds."""

    way: Way
    step: Step
    number: int
    html: str | None
    video: str | None
    link: str | None
    player: ForeignPlayer | None
    said: Said
    start: int
    before: Step | None
    after: Step | None
    quiz: UUID | None = None

    @classmethod
    def of(cls, way: Way, step: Step, lesson: LessonOut, said: Said, at: int | None) -> Self:
        """The lesson as a page: pictures and videos of our own come through the pages' own address."""
        place = way.steps.index(step)
        address = lesson.video_url
        video = own_file(address) if address is not None and plays_here(address) else None
        link = address if video is None else None
        return cls(
            way=way,
            step=step,
            number=place + 1,
            html=None if lesson.content_html is None else own_files(lesson.content_html),
            video=video,
            link=link,
            player=None if link is None else foreign_player(link, at),
            said=said,
            start=step.position if at is None else at,
            before=way.steps[place - 1] if place else None,
            after=way.steps[place + 1] if place + 1 < len(way.steps) else None,
            quiz=lesson.quiz_id,
        )


def plays_here(address: str) -> bool:
    """Whether the browser plays the video by itself, without anybody's player."""
    return is_own_file(address) or urlsplit(address).path.lower().endswith(_PLAYED)
