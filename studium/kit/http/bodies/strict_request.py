"""The request as routes see it: a body that is read strictly, and what a refused one is answered with."""

import re
from collections.abc import AsyncGenerator
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from studium.kit.base.problems import FieldError, InvalidInput, Place, Problem, UnsupportedMediaType
from studium.kit.http.bodies.strict_json import read_json
from studium.kit.http.idempotency import Kept
from studium.kit.http.signatures import MISSING

_REFUSED = "refused_body"
_REQUEST = "studium.request"
FORM_MAX = 65_536
"""Bytes of a form: the one of log-in has six fields of 1,024 characters. Reading a MiB would hold the others up."""
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_UNREADABLE = object()
_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*("utf-8"|utf-8)\s*)?', re.IGNORECASE)
_LIKE_JSON = re.compile(r"\s*application/(json|[^;]*\+json)\s*(;|$)", re.IGNORECASE)
_SEND_JSON = "Send JSON, with Content-Type: application/json."
# An answer points at what is unknown by its name, if that is a name and not a text to be shown to somebody.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_PLACES: dict[str, Place] = {"body": "body", "path": "path", "query": "query", "header": "header"}


class StrictRequest(Request):
    """A request whose body is read strictly.

    What is wrong with the body is remembered instead of raised: a caller without a token must hear 401, not 400.
    The remembered problem leaves when the schema then refuses the body, which it always does.
    """

    is_streamed = False
    """Whether the body was read in parts, so that the request cannot be tried again."""
    noted: Response | None = None
    """What dependencies wrote headers and a status to."""
    version: int | None = None
    """The `version` of the answer, for its `ETag`."""
    kept: Kept | None = None
    """The caller's `Idempotency-Key`, where this request took it."""

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON, in UTF-8."""
        return _JSON.fullmatch(self.headers.get("content-type", "").strip()) is not None

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in parts; it cannot be read again."""
        self.is_streamed = True
        async for part in super().stream():
            yield part

    async def body(self) -> bytes:
        """The body, or two bytes that no schema accepts when it could not be read."""
        try:
            content = await super().body()
        except Problem as problem:
            self._remember(problem)
            return b"\x00\x00"
        self.is_streamed = False
        return content

    async def content(self) -> Any:  # noqa: ANN401 -- parsed JSON.
        """The body as FastAPI takes it: parsed JSON, the bytes of any other type, or MISSING where there are none."""
        body = await self.body()
        if not body:
            return MISSING
        return await self.json() if _LIKE_JSON.match(self.headers.get("content-type", "")) else body

    async def json(self) -> Any:  # noqa: ANN401 -- as Starlette's own.
        """The parsed body, or an object that no schema accepts."""
        state = self.scope.setdefault("state", {})
        if not self.is_json:
            # FastAPI takes whatever ends in `+json`, and any charset.
            self._remember(UnsupportedMediaType(_SEND_JSON))
        if _REFUSED not in state:
            try:
                return read_json(await self.body())
            except Problem as problem:
                self._remember(problem)
        return _UNREADABLE

    def _remember(self, problem: Problem) -> None:
        # Without where it was raised: those frames hold the body and this request, and each would keep the other.
        problem.__traceback__ = problem.__context__ = None
        self.scope.setdefault("state", {})[_REFUSED] = problem

    async def form(self, **limits: Any) -> FormData:  # type: ignore[override]  # noqa: ANN401 -- as Starlette's own.
        """The form, or an empty one when it could not be read."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _FORM_TYPES:
            self._remember(UnsupportedMediaType("Send a form."))
        elif len(await self.body()) > FORM_MAX:
            self._remember(InvalidInput([FieldError("body", "", "too_large", f"A form has at most {FORM_MAX} bytes.")]))
        else:
            form = await super().form(**limits)
            self.is_streamed = False
            return form
        return FormData()


def strict_request_of(scope: Scope, receive: Receive) -> StrictRequest:
    """The request of this scope: one for all tries, so that each finds the body that the first has read."""
    request: StrictRequest | None = scope.get(_REQUEST)
    if request is None:
        request = scope[_REQUEST] = StrictRequest(scope, receive)
    return request


def invalid_input(request: Request, error: RequestValidationError) -> Problem:
    """The problem behind a validation error: the body's own, a wrong content type, or the list of what is wrong."""
    found = error.errors()
    in_body = any(item["loc"][:1] == ("body",) for item in found)
    refused = getattr(request.state, _REFUSED, None)
    if in_body and isinstance(refused, Problem):
        return refused
    if in_body and isinstance(error.body, bytes):
        return UnsupportedMediaType(_SEND_JSON)
    # A body that several dependencies read is checked by each of them.
    return InvalidInput(list(dict.fromkeys(_field_error(item) for item in found)))


def _field_error(item: dict[str, Any]) -> FieldError:
    """One error of pydantic's without the input: its place, a pointer, its type and its sentence."""
    place, *path = item["loc"] or ("body",)
    code = str(item["type"])
    if code == "extra_forbidden":
        path[-1:] = [path[-1]] if NAME.fullmatch(str(path[-1])) else []
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    detail = "Unknown member." if code == "extra_forbidden" else str(item["msg"]).removeprefix("Value error, ")[:200]
    return FieldError(_PLACES.get(str(place), "body"), pointer, code, detail)
