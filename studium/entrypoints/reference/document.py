"""The OpenAPI document: what FastAPI knows of the routes, and what clients need to know besides.

`studium openapi` writes it to `studium/openapi.json`, which servers give out as it is.
"""

import json
from collections import Counter
from importlib.resources import files
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from studium import __version__
from studium.app import module_routes
from studium.entrypoints.reference.operations import finish_operation
from studium.entrypoints.reference.problems import FIELD_ERROR, PROBLEM, problem_examples
from studium.entrypoints.reference.schemas import Json, tidy_schemas
from studium.entrypoints.reference.texts import DESCRIPTION, HEADERS, TAGS
from studium.kit.base.problems import PROBLEM_JSON
from studium.kit.http.api_docs import SERVER

_FEW = 2
_SECURITY: Json = {
    "BearerToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `access_token` of a log-in.",
    },
    "Password": {
        "type": "oauth2",
        "description": "The same by the password form, for the interactive reference.",
        "flows": {"password": {"tokenUrl": "/api/v1/auth/token", "scopes": {}}},
    },
}


def document_text() -> str:
    """The document as it is kept in the file."""
    return json.dumps(api_document(), ensure_ascii=False, indent=1) + "\n"


def api_document() -> Json:
    """The whole document."""
    routes = [route for route in module_routes() if isinstance(route, APIRoute) and route.include_in_schema]
    document: Json = get_openapi(
        title="Studium",
        version=__version__,
        summary="The learning-management backend",
        description=DESCRIPTION,
        routes=routes,
        servers=[{"url": SERVER, "description": "This school"}],
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        contact={"name": "Studium", "url": "https://github.com/studium-lms/studium"},
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )
    tidy_schemas(document)
    examples = json.loads(files("studium.entrypoints.reference").joinpath("examples.json").read_text(encoding="utf-8"))
    refused = set()
    for route in routes:
        operation = document["paths"][route.path_format][min(route.methods or ()).lower()]
        refused |= finish_operation(route, operation, document, examples.get(operation["operationId"], {}))
    document["components"] |= {
        "securitySchemes": _SECURITY,
        "headers": {name: _header(*said) for name, said in HEADERS.items()},
        "examples": problem_examples(refused),
    }
    document["components"]["schemas"] |= {"Problem": PROBLEM, "FieldError": FIELD_ERROR}
    document["paths"] = _in_order(document["paths"])
    _share_answers(document)
    return document


def _share_answers(document: Json) -> None:
    """Refusals that many operations give in the same words stand once."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    texts = Counter(json.dumps(answer) for each in operations for answer in each["responses"].values())
    shared: Json = {}
    for operation in operations:
        for status, answer in operation["responses"].items():
            if answer["description"].count("\n- ") and texts[json.dumps(answer)] > _FEW:
                codes = answer["content"][PROBLEM_JSON]["examples"]
                name = (
                    "AnyRequest"
                    if status == "default"
                    else "".join(word.title() for word in "_".join(codes).split("_"))
                )
                shared[name] = answer
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    document["components"]["responses"] = dict(sorted(shared.items()))


def _header(description: str, example: str) -> Json:
    return {"description": description, "schema": {"type": "string"}, "example": example}


def _in_order(paths: dict[str, Any]) -> dict[str, Any]:
    """Paths in the order of a learner's way: by tag, then as the modules have them."""
    places = {name: place for place, name in enumerate(TAGS)}
    return dict(sorted(paths.items(), key=lambda item: min(places[next(iter(op["tags"]))] for op in item[1].values())))
