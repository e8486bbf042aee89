"""Routes of pages: FastAPI's, with the visitor settled first and the page rendered when the transaction has ended."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID

import brotli
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from studium.access.errors import AdminsOnly, MfaSetupRequired, ReauthenticationRequired, StudentsOnly, TeachersOnly
from studium.kit.base.config import Settings
from studium.kit.base.problems import FieldError, Forbidden, InvalidInput, NotFound, Problem, Unauthorized
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.plans import ResponseMaker, plan_for
from studium.kit.http.routing import API
from studium.modules.auth.browser import owner_of
from studium.web import csrf, flash
from studium.web.csp import policy
from studium.web.forms import FIELDS_MAX, FORM_MAX, LIMITS, Form, leave_body, read_form
from studium.web.kept import FIELD, Kept
from studium.web.login import login_page
from studium.web.once import acts_once
from studium.web.render import Page, rendered
from studium.web.translations import translations_for
from studium.web.visitor import Visitor, current_visitor, is_secure, keep_session, session_cookie

SEE_OTHER = 303
_NOT_MODIFIED = 304
_OK = 200
_COMPRESSED_FROM = 600
_QUALITY = 3
"""Twice as quick as 4, for five per cent more bytes."""
_VARY = "Cookie, Accept-Language, Accept-Encoding"
_NEXT_MAX = 500
_NOT_PAGES = (API, "/openapi", "/docs", "/livez", "/readyz", "/metrics", "/static", "/verify")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Show = Callable[[Request], Awaitable[Page]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def wants_page(scope: Scope) -> bool:
    """Whether an answer to this request is for people: a browser asks for HTML, outside the API."""
    if scope["path"].startswith(_NOT_PAGES):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def shows_again(show: Show) -> Callable[[Endpoint], Endpoint]:
    """Mark the route of a form: what it refuses is shown by `show`, with what was typed and the status of the problem.

    By then the transaction has ended as the problem wants it.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.shows_again = show  # type: ignore[attr-defined]  # functions carry attributes.
        return endpoint

    return mark


def takes_long_forms(most_bytes: int, most_fields: int) -> Callable[[Endpoint], Endpoint]:
    """Mark the route of a form that may be longer than others."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, LIMITS, (most_bytes, most_fields))
        return endpoint

    return mark


def takes_files(endpoint: Endpoint) -> Endpoint:
    """Mark the route of a form with a file: it reads the body itself, as a stream, and no transaction is open then."""
    endpoint.takes_files = True  # type: ignore[attr-defined]  # as above.
    return endpoint


def wants_json(request: Request) -> bool:
    """Whether an element of ours asks, which takes the same addresses as a person and wants no page."""
    return request.headers.get("accept", "").startswith("application/json")


@dataclass(frozen=True, slots=True)
class PagePlan:
    """How a page gets its arguments, worked out once: see `kit/http/plans.py`."""

    run: Handler


class PageRoute(Route):
    """A page: own forms only, the visitor by the cookie, HTML with the policy of the pages.

    What only shows something has a plan, by which `kit/http/dispatch.py` answers. Forms are answered by FastAPI, whose
    route is made when the first one comes: all of them would be three MiB.
    """

    plan: PagePlan | None = None

    def __init__(self, path: str, endpoint: Callable[..., Any], method: str) -> None:
        super().__init__(path, endpoint, methods=[method])
        # Without the HEAD that Starlette adds: `kit/http/middleware.py` makes it of GET.
        self.methods, self.app = {method}, self._asked
        if method == "GET":
            found = plan_for(endpoint, frozenset(self.param_convertors), ResponseMaker(None, None))
            self.plan = None if found is None else PagePlan(_page(endpoint, found.run))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette's; what matched is named, as by FastAPI's routes."""
        match, more = super().matches(scope)
        return match, {**more, "route": self} if more else more

    @cached_property
    def _form(self) -> ASGIApp:
        return _FormRoute(self.path, acts_once(self.endpoint), methods=self.methods).app

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._form(scope, receive, send)


class _FormRoute(APIRoute):
    """FastAPI's handler between our visitor and our page."""

    def get_route_handler(self) -> Handler:
        """The handler of the page."""
        return _page(self.endpoint, super().get_route_handler())


def _page(endpoint: Callable[..., Any], handler: Callable[[Any], Awaitable[Response]]) -> Handler:
    again: Show | None = getattr(endpoint, "shows_again", None)
    limits = getattr(endpoint, LIMITS, (FORM_MAX, FIELDS_MAX))
    has_file = getattr(endpoint, "takes_files", False)

    async def handle(request: Request) -> Response:
        settings = request_runtime(request).settings
        _refuse_nul(request)
        if request.method not in csrf.SAFE:
            csrf.require_own_form(request.headers, origins(request, settings))
        visitor = await current_visitor(request)
        setattr(request.state, LIMITS, limits)
        if has_file:
            leave_body(request)
        elif request.method not in csrf.SAFE:
            await read_form(request)
        request.state.shows_again = again
        response = await handler(request)
        if isinstance(response, Later):
            response.finish = partial(finish, request, visitor=visitor, settings=settings)
            return response
        return finish(request, response, visitor, settings)

    return handle


async def shown_again(request: Request, problem: Problem, settings: Settings) -> Response | None:
    """What a refused page or form is answered with instead of the problem: the form again, or the way to the log-in.

    None where the problem has a page of its own. The transaction of the request has ended by then.
    """
    visitor = getattr(request.state, "visitor", None)
    if not isinstance(visitor, Visitor) or not wants_page(request.scope):
        return None
    response = await _instead(request, problem)
    return None if response is None else finish(request, response, visitor, settings)


async def _instead(request: Request, problem: Problem) -> Response | None:
    again: Show | None = getattr(request.state, "shows_again", None)
    if isinstance(problem, Unauthorized) and type(problem) is Unauthorized:
        return await _to_log_in(request)
    if isinstance(problem, ReauthenticationRequired):
        return await _to_proof(request, problem)
    if again is None or request.method in csrf.SAFE or _is_shut_out(problem):
        return None
    form = await read_form(request)
    form.problem = problem
    page = await again(request)
    page.status_code, page.form = problem.status, form
    page.headers.update({name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"})
    return page


def _is_shut_out(problem: Problem) -> bool:
    """Whether the page of the form itself is none for whoever asks, or none at all: it does not go with the refusal."""
    if isinstance(problem, InvalidInput):
        return any(error.place == "path" for error in problem.errors)
    closed = (AdminsOnly, TeachersOnly, StudentsOnly, MfaSetupRequired, NotFound)
    return isinstance(problem, closed) or type(problem) is Forbidden


async def _to_log_in(request: Request) -> Response:
    """The log-in, which leads back; what a form held goes along."""
    if request.method in csrf.SAFE:
        return see(f"/login?next={quote(_address(request)[:_NEXT_MAX], safe='')}")
    after = _came_from(request, "/")
    runtime = request_runtime(request)
    owner = await owner_of(runtime.database.reads, request.cookies.get(session_cookie(runtime.settings), ""))
    form = await _carried(request, owner)
    if form is None:
        return see(f"/login?next={quote(after, safe='')}")
    return login_page(request, after, form, status=Unauthorized.status)


async def _to_proof(request: Request, problem: Problem) -> Response:
    """The question for the password, which leads back; what a form held goes along."""
    after = _came_from(request, "/account/security")
    form = None
    if request.method not in csrf.SAFE:
        form = await _carried(request, request.state.visitor.actor.id)
    if form is None:
        return see(f"/account/prove?next={quote(after, safe='')}")
    return Page("account/prove.html", after, form=form, status=problem.status, private=True)


async def _carried(request: Request, owner: UUID | None) -> Form | None:
    """A form that carries the one that was refused, sealed; None where that one held nothing."""
    kept = Kept.of(request.scope["path"], (await read_form(request)).lists, owner)
    return None if kept is None else Form({FIELD: kept.sealed(request_runtime(request).keys)})


def _came_from(request: Request, otherwise: str) -> str:
    """The page whose form was sent, where the browser says."""
    try:
        return own_path(urlsplit(request.headers.get("referer", "")).path or otherwise)
    except ValueError:
        return otherwise


def _refuse_nul(request: Request) -> None:
    """No database takes NUL, and no link of ours has it."""
    if request.scope["query_string"] and any("\x00" in value for value in request.query_params.values()):
        raise InvalidInput([FieldError("query", "", "nul", "Must not contain NUL.")])


class Later(Response):
    """An answer whose slow work is done when the transaction has ended, such as giving a file out."""

    finish: Callable[[Response], Response]

    def __init__(self, after: AfterSession[Response]) -> None:
        super().__init__()
        self.after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the answer and send it."""
        response = self.finish(await self.after.make())
        await response(scope, receive, send)


class Pages:
    """The pages of one part of the school; no part of the API's document."""

    def __init__(self) -> None:
        self.routes: list[PageRoute] = []

    def get(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Take a function as the page at this path."""
        return self._route(path, "GET")

    def post(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Take a function as what a form is sent to at this path."""
        return self._route(path, "POST")

    def _route(self, path: str, method: str) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            self.routes.append(PageRoute(path, endpoint, method))
            return endpoint

        return add


def origins(request: Request, settings: Settings) -> frozenset[str]:
    """The origins that our own pages have: the school's address, and the one that the browser asked for."""
    parts = urlsplit(settings.public_base_url)
    scheme = parts.scheme if parts.scheme == "https" else request.scope.get("scheme", "http")
    return frozenset({f"{parts.scheme}://{parts.netloc}", f"{scheme}://{request.headers.get('host', '')}"})


def see(path: str) -> Response:
    """Go on to another page, with GET."""
    return RedirectResponse(path, SEE_OTHER)


def see_and_say(request: Request, path: str, sentence: str) -> Response:
    """Go on to another page, which says the sentence of this name."""
    response = see(path)
    flash.say(response, sentence, secure=is_secure(request_runtime(request).settings))
    return response


def own_path(text: str) -> str:
    """A path of this school that a form or link named, or the first page for anything else."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if is_own and len(text) <= _NEXT_MAX and text.isascii() else "/"


def finish(request: Request, response: Response, visitor: Visitor, settings: Settings) -> Response:
    """The response with its body, if it is a page, and with what every answer of a page carries."""
    if isinstance(response, Page):
        _fill(request, response, visitor, settings)
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = policy(settings)
    response.headers["Referrer-Policy"] = "same-origin"
    mark = f"{session_cookie(settings)}="
    # A log-in has given the browser its session already.
    has_session = any(value.startswith(mark) for value in response.headers.getlist("set-cookie"))
    if visitor.cookie is not None and not has_session:
        keep_session(response, settings, visitor.cookie)
    return response


def _address(request: Request) -> str:
    """The path and the query that were asked for. Nothing is read from the host, which may be any text."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    return str(request.scope["path"]) + (f"?{query}" if query else "")


def _fill(request: Request, page: Page, visitor: Visitor, settings: Settings) -> None:
    """Render, say the last request's sentence, and answer 304 where the browser has the page already."""
    said = flash.sentence(request, translations_for(visitor.language))
    body = rendered(
        page.template,
        visitor.language,
        visitor=visitor,
        view=page.view,
        form=page.form,
        flash=said,
        path=request.scope["path"],
        address=_address(request),
    ).encode()
    if said is not None:
        flash.said(page, secure=is_secure(settings))
    page.headers["Content-Language"] = visitor.language
    if visitor.actor is not None:
        page.headers["X-Visitor"] = visitor.actor.id.hex
    page.headers["Vary"] = _VARY
    page.headers["Cache-Control"] = "no-store" if page.private or said is not None else "private, no-cache"
    page.headers["Content-Type"] = "text/html; charset=utf-8"
    if page.status_code == _OK and not page.private and request.method in csrf.SAFE:
        tag = f'W/"{sha256(body).hexdigest()[:20]}"'
        page.headers["ETag"] = tag
        if tag in request.headers.get("if-none-match", ""):
            page.status_code, body = _NOT_MODIFIED, b""
    if len(body) >= _COMPRESSED_FROM and "br" in request.headers.get("accept-encoding", ""):
        body = brotli.compress(body, quality=_QUALITY)
        page.headers["Content-Encoding"] = "br"
    page.body = body
    if page.status_code == _NOT_MODIFIED:
        del page.headers["content-length"]
    else:
        page.headers["Content-Length"] = str(len(body))
