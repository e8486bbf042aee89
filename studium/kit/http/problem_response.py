"""The answer that carries a problem."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from studium.kit.base.problems import PROBLEM_JSON, Problem, problem_body

PageOf = Callable[[Scope, Problem], Response | None]
"""Makes a page of a problem where no route was reached; None for who asks for no page."""


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer for this problem; the middleware has put the request id into the scope's state."""
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    body = problem_body(problem, instance=request.url.path, request_id=request_id)
    return Response(body, problem.status, headers=problem.headers, media_type=PROBLEM_JSON)
