"""What a refused form needs to be shown again: its route has no parameters by then, so all is found by the request."""

from uuid import UUID

from fastapi import Request

from studium.access.actor import Actor
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import request_runtime
from studium.modules.courses.queries import find_managed
from studium.modules.courses.schemas import CourseOut


def actor_of(request: Request) -> Actor:
    """Who asks, in a request that got as far as its route."""
    actor: Actor = request.state.visitor.actor
    return actor


def reads_of(request: Request) -> QueryExecutor:
    """Where hot reads go."""
    return request_runtime(request).database.reads


def id_of(request: Request, name: str) -> UUID:
    """An id of the address; raise NotFound for what is none."""
    try:
        return UUID(request.path_params[name])
    except ValueError:
        raise NotFound from None


async def course_again(request: Request) -> CourseOut:
    """The course of the address; what is not the visitor's is refused again."""
    return await find_managed(reads_of(request), actor_of(request), id_of(request, "course_id"))
