"""Pages for everybody: the catalogue, and what a school says about itself."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response

from studium.access.actor import OptionalUser
from studium.kit.base.languages import spoken
from studium.kit.http.dependencies import ReplicaReadsDep, request_runtime
from studium.models import Difficulty
from studium.modules.courses import queries
from studium.modules.courses.queries import CourseFilter
from studium.modules.courses.queries_categories import categories
from studium.modules.users.demo import demo_log_ins
from studium.web.forms import FormDep
from studium.web.lists import Cursor, Words, listing
from studium.web.navigation import FIRST
from studium.web.public.views import Catalogue
from studium.web.render import Page
from studium.web.routing import Pages, own_path, see
from studium.web.visitor import LANGUAGE, READING, THEME, THEMES, YEAR, Reading

router = Pages()
PER_PAGE = 24
Sort = Literal["popular", "newest", "title", "rating", "relevance"]


@router.get("/")
async def first_page(request: Request, actor: OptionalUser, reads: ReplicaReadsDep) -> Response:
    """The catalogue, with the demo school's log-ins while it is tried out; what waits for whoever is logged in."""
    if actor is not None:
        return see(FIRST[actor.role])
    page = await catalogue(request, actor, reads)
    assert isinstance(page.view, Catalogue)  # noqa: S101 -- made just above.
    log_ins = await demo_log_ins(request_runtime(request).settings, reads)
    page.view = replace(page.view, demo=log_ins)
    return page


@router.get("/courses")
async def catalogue(
    request: Request,
    actor: OptionalUser,
    reads: ReplicaReadsDep,
    *,
    q: Words = "",
    category: Annotated[str, Query(max_length=100)] = "",
    level: Difficulty | Literal[""] = "",
    sort: Sort | Literal[""] = "",
    cursor: Cursor = None,
) -> Page:
    """The courses that the visitor may see; search, filters and order stand in the address."""
    q = q.strip()
    wanted = CourseFilter(category or None, Difficulty(level) if level else None, q=q or None)
    order = sort or ("relevance" if q else "popular")
    query = {"q": q, "category": category, "level": level and Difficulty(level).value, "sort": sort}
    page = listing(request, PER_PAGE, cursor, total=True)
    found = await queries.course_page(reads, actor, wanted, order if q or order != "relevance" else "popular", page)
    shelves = await categories(request_runtime(request))
    return Page("public/catalogue.html", Catalogue.of(found, shelves, query, is_first=cursor is None))


@router.get("/help")
async def help_page() -> Page:
    """How things are done here."""
    return Page("public/help.html")


@router.get("/accessibility")
async def accessibility_page() -> Page:
    """For whom the pages are made, and whom to tell where they fail."""
    return Page("public/accessibility.html")


@router.get("/privacy")
async def privacy_page() -> Page:
    """What is kept of people, and who sees it."""
    return Page("public/privacy.html")


@router.get("/offline")
async def offline_page() -> Page:
    """The lessons that this device keeps. Without a connection it is shown for every page that is not kept."""
    return Page("public/offline.html")


@router.get("/reading")
async def reading_page() -> Page:
    """How lessons look on this device."""
    return Page("public/reading.html")


@router.post("/reading")
async def choose_reading(form: FormDep) -> Response:
    """Keep on this device how lessons look, and go back to the page."""
    response = see(own_path(form["next"]))
    reading = Reading.of(form["size"], form["space"], form["width"])
    theme = form["theme"] if form["theme"] in THEMES else ""
    for name, value in ((READING, reading.cookie()), (THEME, theme)):
        response.set_cookie(name, value, max_age=YEAR, samesite="lax")
    return response


@router.post("/language")
async def choose_language(form: FormDep) -> Response:
    """Remember a language for this browser, and go back to the page."""
    response = see(own_path(form["next"]))
    language = spoken(form["language"])
    if language is not None:
        response.set_cookie(LANGUAGE, language, max_age=YEAR, samesite="lax")
    return response
