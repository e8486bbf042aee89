"""A plan answers as FastAPI's own handler does, whatever is sent. No database, so that CI can run it on any release."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest
from fastapi import Cookie, Depends, FastAPI, Form, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field
from starlette.routing import BaseRoute

from studium.kit.base.problems import NotFound, Problem
from studium.kit.http.after import AfterSession
from studium.kit.http.bodies.strict_request import invalid_input
from studium.kit.http.dispatch import Dispatch, Handlers
from studium.kit.http.pagination import Page
from studium.kit.http.problem_response import problem_response
from studium.kit.http.routing import IfMatch, Route, Router
from studium.kit.http.schemas import Id, Name, PatchModel, Percent, RequestModel, ResponseModel

ID = "0190a0a0-0000-7000-8000-000000000000"
router = Router("/things", tag="things")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class ThingIn(RequestModel):
    not_allowed = frozenset({"owner"})
    name: Name
    owner_id: Id | None = None
    share: Percent = Decimal(0)


class ThingChange(PatchModel):
    name: Name | None = None


class ThingOut(ResponseModel):
    said: dict[str, Any]
    version: int = 3


async def bounded(
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    colour: Annotated[Colour | None, Query(alias="color")] = None,
    is_new: bool = False,  # noqa: FBT001, FBT002 -- as a query.
) -> list[Any]:
    response.headers["X-Limit"] = str(limit)
    return [limit, colour, is_new]


async def owned(thing_id: UUID) -> str:
    if thing_id.int == 0:
        raise NotFound
    return str(thing_id)


async def doubled(thing: Annotated[str, Depends(owned)], again: Annotated[str, Depends(owned)]) -> str:
    return thing + again


async def named(payload: ThingIn) -> str:
    return payload.name


async def opened(request: Request) -> AsyncIterator[str]:
    yield request.method


Opened = Annotated[str, Depends(opened, scope="function")]
Bounded = Annotated[list[Any], Depends(bounded)]
Doubled = Annotated[str, Depends(doubled)]


@router.get("")
async def list_things(
    bounds: Bounded, word: Annotated[str | None, Query(max_length=5, pattern="^[a-z]+$")] = None
) -> ThingOut:
    return ThingOut(said={"bounds": bounds, "word": word})


@router.get("/{thing_id}")
async def read_thing(
    thing: Doubled, bounds: Bounded, if_match: IfMatch, x_odd: Annotated[int | None, Header()] = None
) -> ThingOut:
    return ThingOut(said={"thing": thing, "bounds": bounds, "odd": x_odd, "match": if_match.tags})


@router.post("/{thing_id}", status_code=201)
async def create_thing(
    thing: Doubled, name: Annotated[str, Depends(named)], method: Opened, payload: ThingIn
) -> ThingOut:
    return ThingOut(said={"thing": thing, "name": name, "payload": payload.model_dump(mode="json"), "method": method})


@router.patch("/{thing_id}")
async def change_thing(thing: Doubled, bounds: Bounded, payload: ThingChange | None = None) -> Response:
    async def make() -> ThingOut:
        return ThingOut(said={"thing": thing, "payload": payload and payload.changes(), "bounds": bounds})

    return AfterSession(make)  # type: ignore[return-value]  # a route gives it.


change_thing.__annotations__["return"] = ThingOut


@router.put("/{thing_id}")
async def put_thing(thing: Doubled, payload: ThingIn) -> dict[str, Any]:
    return {"thing": thing, "payload": payload.name}


@router.delete("/{thing_id}", status_code=204)
async def delete_thing(thing: Doubled) -> None:
    return None


async def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(request, invalid_input(request, error))


HANDLERS: Handlers = {Problem: on_problem, RequestValidationError: on_invalid}


def app_of(planned: Iterable[BaseRoute]) -> FastAPI:
    """An application that answers these routes by their plans, and the others by FastAPI's handler."""
    app = FastAPI(redirect_slashes=False)
    app.router.routes.extend(router.routes)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Dispatch, routes=planned, handlers=HANDLERS)
    return app


BY_PLAN, BY_FASTAPI = app_of(router.routes), app_of(())


def test_the_routes_are_planned() -> None:
    assert all(isinstance(route, Route) and route.plan is not None for route in router.routes)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.just("Ada Example"),
    st.just(ID),
)
MEMBERS = st.dictionaries(st.sampled_from(["name", "owner_id", "share", "owner", "odd"]), VALUES, max_size=4)
BODIES = st.one_of(
    st.none(),
    st.binary(max_size=8),
    st.sampled_from([b"", b"{", b"[1]", b"null", b'"x"', b'{"name": "a", "name": "b"}', b'{"name": NaN}']),
    st.one_of(MEMBERS, st.lists(MEMBERS, max_size=2)).map(lambda value: json.dumps(value).encode()),
    MEMBERS.map(lambda value: json.dumps({"name": "Ada Example", **value}).encode()),
    st.just(b'{"name": "Ada Example"}'),
)
TYPES = st.sampled_from(
    ["application/json"] * 6 + ["text/plain", "application/a+json", "application/json; charset=x", ""]
)
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["limit", "color", "colour", "is_new", "word", "odd"]),
        st.one_of(
            st.sampled_from(["1", "0", "101", "red", "true", "abc", "ABC", "x\0y", ""]), st.text("ab1 ", max_size=7)
        ),
    ),
    max_size=3,
)
PATHS = st.sampled_from(["", f"/{ID}", f"/{UUID(int=0)}", "/nonsense", "/%20"])
HEADERS = st.dictionaries(st.sampled_from(["X-Odd", "If-Match"]), st.sampled_from(["7", "x", '"3"', "*"]), max_size=2)


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]),
    path=PATHS,
    query=QUERIES,
    headers=HEADERS,
    kind=TYPES,
    body=BODIES,
)
def test_plan_and_fastapi_give_the_same_answer(
    method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str], kind: str, body: bytes | None
) -> None:
    if body is not None and kind:
        headers = {**headers, "Content-Type": kind}

    async def asked(app: FastAPI) -> tuple[int, bytes, list[tuple[str, str]]]:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test/api/v1/things") as client:
            answer = await client.request(method, path, params=tuple(query), headers=headers, content=body)
            return answer.status_code, answer.content, sorted(answer.headers.items())

    async def both() -> None:
        assert await asked(BY_PLAN) == await asked(BY_FASTAPI)

    asyncio.run(both())


def planned(endpoint: Any) -> bool:  # noqa: ANN401 -- a function.
    return Route("/x", endpoint, methods=["POST"]).plan is not None


async def test_what_a_plan_does_not_know_is_left_to_fastapi() -> None:
    def plain() -> int:
        return 1

    async def stays_open() -> AsyncIterator[int]:
        yield 1

    async def by_form(form: Annotated[str, Form()]) -> None: ...
    async def by_cookie(cookie: Annotated[str, Cookie()]) -> None: ...
    async def by_list(many: Annotated[list[int], Query()]) -> None: ...
    async def by_plain(value: Annotated[int, Depends(plain)]) -> None: ...
    async def by_open(value: Annotated[int, Depends(stays_open)]) -> None: ...
    async def by_two(one: ThingIn, two: ThingChange) -> None: ...
    async def by_path(number: Annotated[int, Field(ge=1)]) -> None: ...

    assert not any(map(planned, [by_form, by_cookie, by_list, by_plain, by_open, by_two]))
    assert planned(by_path)


def test_an_endpoint_is_a_coroutine_function() -> None:
    def plain() -> None: ...

    with pytest.raises(TypeError, match="must be a coroutine function"):
        Route("/x", plain)  # type: ignore[arg-type]  # that is what is refused.


@pytest.mark.parametrize("size", [0, 1, 4, 5, 9])
@pytest.mark.parametrize("text", ["x", "x" * 100_000], ids=["small", "large"])
async def test_a_page_made_in_pieces_is_the_page_made_at_once(size: int, text: str) -> None:
    class Things(ResponseModel):
        said: str

    page = Page[Things](items=[Things(said=f"{text}{n}") for n in range(size)], next_cursor="c", total=size)

    async def things() -> Page[Things]:
        return page

    made, also = await asyncio.gather(*(Route("/x", things).maker.response(page, None) for _ in range(2)))
    assert made.body == also.body == page.model_dump_json().encode()
