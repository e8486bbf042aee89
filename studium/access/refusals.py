"""Audit entries for refused requests to staff routes: 401 and 403, with who it was and from where.

Anybody can be refused as often as they like. So each caller is noted once in ten minutes for one route and refusal, and
a process notes so many in all: a flood costs a few rows.
"""

from collections import OrderedDict
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from studium.access.audit import REFUSED, record_audit
from studium.kit.base.problems import Forbidden, Problem, Unauthorized
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.routing import Route, permissions_of

SECONDS = 600
MOST = 200
_STAFF = "admin"
_NOT_STAFF = ("learner", "student", "uploader", "public")
_log = structlog.get_logger()


class Refusals:
    """What this process has noted within the last ten minutes."""

    def __init__(self) -> None:
        self._noted: OrderedDict[tuple[object, ...], float] = OrderedDict()

    async def note(self, request: Request, problem: Problem) -> None:
        """Record a refusal, unless the route is for everybody or it was noted before. Never raises."""
        route = request.scope.get("route")
        if problem.status not in {Unauthorized.status, Forbidden.status} or not _is_privileged(route):
            return
        actor_id, source = getattr(request.state, "actor_id", None), request.state.client_address
        what = f"{request.method} {getattr(route, 'path', '')}"
        if not self._is_news((actor_id or source, what, problem.code())):
            return
        try:
            async with request_runtime(request).database.write_session() as session:
                known = {"actor_id": actor_id, "outcome": REFUSED, "address": source}
                await record_audit(
                    session, "access.refused", **known, route=what, status=problem.status, code=problem.code()
                )
        except (Problem, SQLAlchemyError, OSError) as error:
            _log.warning("refusal not recorded", reason=type(error).__name__)

    def _is_news(self, key: tuple[object, ...]) -> bool:
        at = monotonic()
        while self._noted and next(iter(self._noted.values())) < at - SECONDS:
            self._noted.popitem(last=False)
        if key in self._noted or len(self._noted) >= MOST:
            return False
        self._noted[key] = at
        return True


def _is_privileged(route: object) -> bool:
    """Whether one of the route's permissions is for staff alone."""
    names = permissions_of(route) if isinstance(route, Route) else []
    return any(_STAFF in name and not any(other in name for other in _NOT_STAFF) for name in names)
