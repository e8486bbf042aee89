"""What the application takes over: the routes of the pages and of what they load."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from studium.kit.base.executors import in_thread
from studium.kit.base.problems import NotFound
from studium.kit.http.dependencies import request_runtime
from studium.web import live
from studium.web.account import routes as account
from studium.web.account import routes_factor, routes_passkeys, routes_privacy
from studium.web.admin import routes as admin
from studium.web.admin import routes_audit, routes_import, routes_people, routes_system
from studium.web.assets import by_address, worker
from studium.web.csp import policy
from studium.web.learner import captions, routes_courses, routes_quizzes
from studium.web.learner import routes as learner
from studium.web.public import routes as public
from studium.web.signin import routes as signin
from studium.web.signin import routes_links
from studium.web.teacher import routes as teacher
from studium.web.teacher.course import routes as courses
from studium.web.teacher.figures import routes as figures
from studium.web.teacher.grading import routes as grading
from studium.web.teacher.grading import routes_comments
from studium.web.teacher.imports import routes as imports
from studium.web.teacher.lessons import routes as editor
from studium.web.teacher.lessons import routes_files, routes_undo
from studium.web.teacher.outline import routes as outline
from studium.web.teacher.people import routes as learners
from studium.web.teacher.people import routes_arrivals, routes_learner
from studium.web.teacher.quizzes import routes as quizzes
from studium.web.teacher.quizzes import routes_paste, routes_questions, routes_regrade, routes_try


async def _asset(request: Request) -> Response:
    """One file of the pages: 404 for a name that is none, also an old one."""
    found = (await in_thread(by_address)).get(request.url.path)
    if found is None:
        raise NotFound
    body, headers = found.sent(request.headers.get("accept-encoding", ""))
    return Response(body, headers=headers)


async def _worker(request: Request) -> Response:
    """What shows kept lessons. It stands at the root, because a worker serves only what lies below its own address."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy(request_runtime(request).settings)}
    return Response(worker(), media_type="text/javascript", headers=headers)


def page_routes() -> Iterable[BaseRoute]:
    """Every page, and the files that they load."""
    yield Route("/static/{name}", _asset, methods=["GET"])
    yield Route("/worker.js", _worker, methods=["GET"])
    for part in (
        public,
        signin,
        routes_links,
        account,
        routes_factor,
        routes_passkeys,
        routes_privacy,
        learner,
        routes_courses,
        captions,
        routes_quizzes,
        teacher,
        quizzes,
        routes_questions,
        routes_try,
        editor,
        routes_files,
        routes_undo,
        routes_regrade,
        outline,
        courses,
        imports,
        routes_comments,
        grading,
        routes_paste,
        learners,
        routes_arrivals,
        routes_learner,
        figures,
        admin,
        routes_audit,
        routes_import,
        routes_people,
        routes_system,
        live,
    ):
        yield from part.router.routes
