"""What an element sends of a passkey: JSON in a field of a form."""

from typing import TypeVar

from pydantic import BaseModel
from pydantic_core import from_json

from studium.kit.base.problems import InvalidInput, Problem
from studium.web.forms import Form

Schema = TypeVar("Schema", bound=BaseModel)
FIELD = "credential"
_MAX = 32_768


def read_credential(form: Form, schema: type[Schema], refusal: Problem, *names: str) -> Schema:
    """The schema filled with the fields of these `names` and the credential; raise `refusal` where that is none."""
    try:
        credential = from_json(form[FIELD][:_MAX])
    except ValueError:
        raise refusal from None
    try:
        return form.read(schema, *names, credential=credential)
    except InvalidInput as error:
        if any(each.pointer.startswith((f"/{FIELD}", "/challenge_token")) for each in error.errors):
            raise refusal from None
        raise
