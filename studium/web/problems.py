"""Problems as pages: in words for people, with the id under which the log knows the request."""

from contextlib import suppress
from dataclasses import dataclass
from traceback import format_exc

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from studium.kit.base.config import Settings
from studium.kit.base.problems import InternalError, Problem
from studium.kit.http.problem_response import PageOf
from studium.web.render import Page
from studium.web.routing import finish, wants_page
from studium.web.translations import Translations, translations_for
from studium.web.visitor import Visitor, anonymous_visitor, seen_visitor

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProblemView:
    """What a page says of a problem."""

    status: int
    title: str
    text: str
    drawing: str
    request_id: str
    code: str


def _said(words: Translations, problem: Problem) -> tuple[str, str]:
    """Title and text, by the code of the problem, else by its status."""
    _ = words.gettext
    known = {
        "foreign_form": (
            _("This form came from elsewhere"),
            _("Nothing was changed. Open the page here and send it again."),
        ),
        "enrollment_required": (
            _("This lesson is for those who are enrolled"),
            _("Enroll in the course, then open the lesson again."),
        ),
        "mfa_setup_required": (
            _("Set up a second factor first"),
            _("Your school asks for a second factor from your role. It takes two minutes."),
        ),
        "404": (
            _("There is no such page"),
            _("The address may be misspelt, or the course has moved. Nothing of yours is lost."),
        ),
        "403": (
            _("This page is not for this account"),
            _("If you should see it, ask your teacher, or log in with another account."),
        ),
        "unknown_host": (
            _("This is not the address of the school"),
            _("Open the school by its own address. Your school tells you which it is."),
        ),
        "took_too_long": (
            _("That took too long"),
            _("We do not know whether it was done. Look at the page before you send it again."),
        ),
        "400": (_("Your browser sent something that cannot be read"), _("Go back, and try it from the page itself.")),
        "413": (_("This is too large"), _("Nothing was changed. Send less at once.")),
        "414": (_("The address is too long"), _("Go back, or begin again from the first page.")),
        "431": (
            _("Your browser sent too many cookies"),
            _("Delete the cookies of this school in your browser, then open the page again."),
        ),
        "405": (_("This page cannot do that"), _("Go back, and try it from the page itself.")),
        "409": (_("That is not possible now"), _("It was changed meanwhile. Open the page again to see how it is.")),
        "410": (_("This is gone"), _("It was taken back.")),
        "422": (_("Something in the address is not right"), _("Go back, or begin again from the first page.")),
        "429": (_("Too many tries"), _("Wait a little, then try again.")),
        "503": (
            _("The school is busy"),
            _("Nothing was done. Wait a moment, then try again."),
        ),
        "500": (
            _("Something went wrong here"),
            _("It is not your fault. Tell your school the number below, so that they find it."),
        ),
    }
    other = (_("This did not work"), _("Go back, and try it from the page itself."))
    fallback = known["500"] if problem.status >= 500 else other  # noqa: PLR2004 -- ours, not theirs.
    return known.get(problem.code()) or known.get(str(problem.status)) or fallback


def view_of(words: Translations, problem: Problem, request_id: str) -> ProblemView:
    """What the page shows."""
    title, text = _said(words, problem)
    drawing = "door" if problem.status in {401, 403} else "book"
    return ProblemView(problem.status, title, text, drawing, request_id, problem.code())


async def recognise(request: Request, problem: Problem) -> None:
    """Find out who met the problem where no route has done so, as at an address that is none; not where we fail."""
    if problem.status < InternalError.status:
        with suppress(Problem):
            await seen_visitor(request)


def problem_page(request: Request, problem: Problem, settings: Settings) -> Response:
    """The page of a problem, for whoever the route has met; somebody unknown where it has not."""
    known = getattr(request.state, "visitor", None)
    visitor = known if isinstance(known, Visitor) else anonymous_visitor(request)
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    view = view_of(translations_for(visitor.language), problem, request_id)
    page = Page("layout/problem.html", view, status=problem.status, private=True)
    page.headers.update({name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"})
    return finish(request, page, visitor, settings)


def page_maker(settings: Settings) -> PageOf:
    """What makes pages of what is refused before any route: an unknown host, a body too large, a busy school."""

    def page_of(scope: Scope, problem: Problem) -> Response | None:
        if not wants_page(scope):
            return None
        try:
            return problem_page(Request(scope), problem, settings)
        except Exception:  # noqa: BLE001 -- see below.
            # This is the last resort: where even a page fails, the plain document is sent.
            _log.error("the page of a problem failed", exception=format_exc())
            return None

    return page_of
