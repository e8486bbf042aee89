"""Forms: the API's own schemas, filled from what was typed; what is refused is shown again with what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from studium.kit.base.problems import FieldError, InvalidInput, MalformedBody, Problem, UnsupportedMediaType
from studium.kit.base.versions import IfMatchHeader

FORM_MAX = 65_536
"""Bytes of a form, and of what it may hold: names and values."""

_CARRYING_MAX = 1_000_000
"""Bytes of a form that asks for the password, and may carry another one with it: what the server takes of any body."""

_CARRIERS = ("/login", "/account/prove")
FIELDS_MAX = 100
ONCE = "once"
"""The field with the word of a form that makes something: see `once.py`."""

LIMITS = "form_limits"
"""The attribute of a route that takes longer forms: its bytes and its number of fields."""

_TYPE = "application/x-www-form-urlencoded"
_STATE = "form"
Schema = TypeVar("Schema", bound=BaseModel)


@dataclass(slots=True)
class Form:
    """What was typed, by the name of its field, and what is wrong with it."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None
    lists: Mapping[str, list[str]] = field(default_factory=dict)
    """Every value by its name: checkboxes of one name send several."""
    faults: Sequence[FieldError] = ()
    """What is wrong with which field where the problem itself does not say."""

    def read(self, schema: type[Schema], *names: str, **values: object) -> Schema:
        """The schema filled with the fields of these `names`, or of all that it has; raise InvalidInput.

        A field that was left empty is not sent. `values` are members that no field has.
        """
        wanted = names or tuple(schema.model_fields)
        sent = {name: self.typed[name] for name in wanted if self.typed.get(name)}
        try:
            return schema.model_validate({**sent, **values})
        except ValidationError as error:
            raise InvalidInput([_field_error(item) for item in error.errors()]) from None

    def __getitem__(self, name: str) -> str:
        """What was typed into a field; nothing where there was no such field."""
        return self.typed.get(name, "")

    @property
    def if_match(self) -> IfMatchHeader:
        """The version that was looked at, as the hidden field `version` says; any where there is no such field."""
        version = self["version"]
        return IfMatchHeader(f'"v{version}"' if version else None)

    @property
    def errors(self) -> dict[str, FieldError]:
        """The first error of each field by its name; one that is about no field has an empty name."""
        found: dict[str, FieldError] = {}
        for error in self.problem.errors if isinstance(self.problem, InvalidInput) else self.faults:
            found.setdefault(error.pointer.strip("/").split("/")[0], error)
        return found


def _field_error(item: object) -> FieldError:
    assert isinstance(item, dict)  # noqa: S101 -- as pydantic documents it.
    pointer = "".join(f"/{part}" for part in item["loc"])
    return FieldError("form", pointer, str(item["type"]), str(item["msg"]).removeprefix("Value error, ")[:200])


async def read_form(request: Request) -> Form:
    """What a form sent; raise UnsupportedMediaType, InvalidInput or MalformedBody for what is none.

    It is kept for the page that shows it again.
    """
    kept = getattr(request.state, _STATE, None)
    if isinstance(kept, Form):
        return kept
    if request.headers.get("content-type", _TYPE).partition(";")[0].strip().lower() != _TYPE:
        message = "Send a form."
        raise UnsupportedMediaType(message)
    body = await request.body()
    most, most_fields = getattr(request.state, LIMITS, (FORM_MAX, FIELDS_MAX))
    most = _CARRYING_MAX if request.url.path.startswith(_CARRIERS) else most
    if len(body) > most:
        raise InvalidInput([FieldError("form", "", "too_large", f"This form has at most {most} bytes.")])
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=most_fields, errors="strict")
    except ValueError:
        message = "The form could not be read."
        raise MalformedBody(message) from None
    pairs = [(name, value.replace("\r\n", "\n")) for name, value in pairs]
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    form = Form(dict(pairs), lists=lists)
    setattr(request.state, _STATE, form)
    return form


def leave_body(request: Request) -> None:
    """Let the route read the body itself, as a stream: there is nothing of it to show again."""
    setattr(request.state, _STATE, Form())


FormDep = Annotated[Form, Depends(read_form)]


def shown_form(request: Request) -> Form:
    """The form to show: what was typed and refused, or an empty one."""
    kept = getattr(request.state, _STATE, None)
    return kept if isinstance(kept, Form) else Form()
