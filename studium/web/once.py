"""Forms that make something hold a word of their own: the same form sent again, also at the same time, acts once.

What was answered first is answered again (`access/idempotency.py`). A form that was refused is shown with another word.
"""

import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from studium.access.idempotency import answer_form, begin_form, form_key
from studium.kit.http.dependencies import request_runtime
from studium.web.forms import ONCE, read_form

_ASKED = "studium_request"
_DONE = 303
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def new_word() -> str:
    """A word that no other form has."""
    return secrets.token_urlsafe(9)


def hidden_word() -> Markup:
    """It as a field. The address of a form with a file has it instead, because files are read as a stream."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(ONCE, new_word())


async def _given(request: Request) -> Request:
    return request


def acts_once(endpoint: Endpoint) -> Endpoint:
    """The endpoint of a form, which gives the first answer again where the form holds a word and has led on."""

    @wraps(endpoint)
    async def call(**values: Any) -> Response:  # noqa: ANN401 -- what the endpoint asks for.
        request: Request = values.pop(_ASKED)
        has_word = bool((await read_form(request))[ONCE]) and hasattr(request.state, "session")
        taken = await begin_form(request) if has_word else None
        if isinstance(taken, Response):
            return taken
        answer: Response = await endpoint(**values)
        if taken is not None and answer.status_code == _DONE:
            await taken.keep(answer)
        return answer

    asked = Parameter(_ASKED, Parameter.KEYWORD_ONLY, annotation=Annotated[Request, Depends(_given)])
    declared = signature(endpoint, eval_str=True)
    call.__signature__ = declared.replace(parameters=[*declared.parameters.values(), asked])  # type: ignore[attr-defined]  # see `inspect`.
    return call  # type: ignore[return-value]  # it takes what the endpoint takes.


async def file_once(
    request: Request,
    user_id: UUID,
    fingerprint: str,
    *,
    act: Callable[[AsyncSession], Awaitable[Response]],
    discard: Callable[[], Awaitable[None]],
) -> Response:
    """What `act` answers about a file that was received, or what was answered before: then `discard` removes it."""
    word, said = request.query_params.get(ONCE), f"{request.url.path} {fingerprint}"
    key = form_key(word, said) if word else None
    return await answer_form(request_runtime(request), (user_id, key), said, act=act, discard=discard)
