"""Who looks at a page: the person behind the cookie, their language and their theme."""

from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Annotated, Self

from fastapi import Depends, Request
from starlette.responses import Response

from studium.access.actor import BROWSER, Actor
from studium.kit.base import zones
from studium.kit.base.config import Settings
from studium.kit.base.languages import DEFAULT, direction, preferred, spoken
from studium.kit.base.problems import DependencyDown, Overloaded
from studium.kit.db.database import Database
from studium.kit.http.dependencies import request_runtime
from studium.modules.auth.browser import BrowserSession, find_browser_session, touch

LANGUAGE = "studium-language"
THEME = "studium-theme"
THEMES = ("light", "dark")
READING = "studium-reading"
SIZES, SPACES, WIDTHS = ("small", "large"), ("wide",), ("short", "long")
YEAR = 31_536_000
_KEPT = '"cache", "storage"'
MONTH = 2_592_000
_SETTINGS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """How lessons look on this device; what is empty is as usual."""

    size: str = ""
    space: str = ""
    width: str = ""

    @classmethod
    def of(cls, size: str, space: str, width: str) -> Self:
        """The settings that there are; any other text is as usual."""
        return cls(size * (size in SIZES), space * (space in SPACES), width * (width in WIDTHS))

    @classmethod
    def of_cookie(cls, text: str) -> Self:
        """What the cookie says, or as usual."""
        parts = text.split(".")
        return cls.of(*parts) if len(parts) == _SETTINGS else cls()

    def cookie(self) -> str:
        """The settings as a cookie has them."""
        return f"{self.size}.{self.space}.{self.width}"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever looks at a page. `cookie` is a new one for their session, where they get one with this answer."""

    language: str
    theme: str
    actor: Actor | None = None
    name: str = ""
    cookie: str | None = None
    reading: Reading = Reading()
    timezone: str = zones.DEFAULT

    @property
    def direction(self) -> str:
        """Which way their language is written."""
        return direction(self.language)

    @property
    def zone(self) -> tzinfo:
        """Whose days and times they are shown."""
        return zones.clock_of(self.timezone)


def is_secure(settings: Settings) -> bool:
    """Whether people reach this school over TLS, so that its cookies may ask for it."""
    return settings.public_base_url.startswith("https://")


def session_cookie(settings: Settings) -> str:
    """The name of the session's cookie. `__Host-` has browsers refuse one that a neighbouring host has set."""
    return "__Host-studium" if is_secure(settings) else "studium"


def keep_session(response: Response, settings: Settings, cookie: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        session_cookie(settings), cookie, max_age=MONTH, secure=is_secure(settings), httponly=True, samesite="lax"
    )


def drop_session(response: Response, settings: Settings) -> None:
    """Take it away, with all that the browser has kept of the school."""
    response.headers["Clear-Site-Data"] = _KEPT
    response.delete_cookie(session_cookie(settings), secure=is_secure(settings), httponly=True, samesite="lax")


def anonymous_visitor(request: Request) -> Visitor:
    """Somebody without a session, as far as cookies and headers tell."""
    chosen = spoken(request.cookies.get(LANGUAGE))
    asked = preferred(request.headers.get("accept-language", ""))
    theme = request.cookies.get(THEME, "")
    reading = Reading.of_cookie(request.cookies.get(READING, ""))
    return Visitor(chosen or asked or DEFAULT, theme if theme in THEMES else "", reading=reading)


async def _touched(database: Database, found: BrowserSession) -> str | None:
    """As `touch`; a database that takes no writes now keeps nobody from reading a page."""
    try:
        return await touch(database, found)
    except (Overloaded, DependencyDown):
        if found.has_other_rights:
            raise
        return None


async def current_visitor(request: Request) -> Visitor:
    """Find out who is there, and note it in the request for the permission types. One hot read with a cookie."""
    return await _look_up(request, renews=True)


async def seen_visitor(request: Request) -> Visitor:
    """As `current_visitor`, and their session is left as it is."""
    return await _look_up(request, renews=False)


async def _look_up(request: Request, *, renews: bool) -> Visitor:
    known = getattr(request.state, "visitor", None)
    if isinstance(known, Visitor):
        return known
    runtime = request_runtime(request)
    visitor = anonymous_visitor(request)
    cookie = request.cookies.get(session_cookie(runtime.settings), "")
    found = await find_browser_session(runtime.database.reads, cookie)
    if found is not None:
        fresh = await _touched(runtime.database, found) if renews and found.is_due else None
        visitor = replace(visitor, actor=found.actor, name=found.full_name, cookie=fresh)
        language, timezone = spoken(found.language) or visitor.language, zones.known_zone(found.timezone)
        visitor = replace(visitor, language=language, timezone=timezone)
        request.state.actor_id = found.actor.id
    setattr(request.state, BROWSER, visitor.actor)
    request.state.visitor = visitor
    return visitor


VisitorDep = Annotated[Visitor, Depends(current_visitor)]
