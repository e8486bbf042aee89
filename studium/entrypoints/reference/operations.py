"""One operation of the document: its texts, who may, parameters, headers, examples, and every refusal."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute

from studium.access.actor import newcomer, optional_user
from studium.access.permissions import downloadable_certificate, visible_file
from studium.entrypoints.inventory import who_may
from studium.entrypoints.reference.problems import example_name, meaning
from studium.entrypoints.reference.refusals import ANY, calls_of, is_keyed, refusals_of
from studium.entrypoints.reference.schemas import REF, Json, tidy_parameter
from studium.entrypoints.reference.texts import ANSWERS, KEY_PARAMETER, STATUSES
from studium.kit.base.problems import PROBLEM_JSON, DependencyDown, Overloaded, Problem, TooManyRequests, Unauthorized

JSON = "application/json"
_RETRYABLE = (TooManyRequests, Overloaded, DependencyDown)
_LOCATED = {"202", "307"}


def finish_operation(route: APIRoute, operation: Json, document: Json, examples: Json) -> set[type[Problem]]:
    """Complete what FastAPI wrote about a route; return the problems that it can answer."""
    refused = {*refusals_of(route), *ANY}
    operation["summary"] = _words(operation["operationId"])
    operation["description"] = f"{_said(route)}\n\n**Who may:** {who_may(route)}."
    operation["security"] = _security(route)
    for parameter in operation.get("parameters", ()):
        tidy_parameter(parameter)
    if is_keyed(route):
        named = [each for each in operation.get("parameters", ()) if each["name"] != KEY_PARAMETER["name"]]
        operation["parameters"] = [*named, KEY_PARAMETER]
    limited = TooManyRequests in refused
    answers = {status: each for status, each in operation["responses"].items() if not _is_error(status, each)}
    for status, answer in answers.items():
        _finish_answer(status, answer, document, is_keyed=is_keyed(route), is_limited=limited)
    kept = {
        status: each
        for status, each in operation["responses"].items()
        if status[0] in "45" and status not in answers and status != "422"
    }
    operation["responses"] = dict(sorted(answers.items())) | _refusals(refused) | kept
    _put_examples(operation, examples)
    return refused


def _words(name: str) -> str:
    """`listMyCourses` as `List my courses`."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return (text[:1].upper() + text[1:]).replace("mfa", "second factor")


def _said(route: APIRoute) -> str:
    return re.sub(r"(?<!\n)\n(?!\n|[-|])", " ", inspect.getdoc(inspect.unwrap(route.endpoint)) or "")


def _security(route: APIRoute) -> list[Json]:
    """Which log-in is needed: none, any, or one for those who have it."""
    calls = set(calls_of(route))
    known: list[Json] = [{"BearerToken": []}, {"Password": []}]
    if newcomer in calls:
        return known
    return [{}, *known] if calls & {optional_user, downloadable_certificate, visible_file} else []


def _is_error(status: str, answer: Json) -> bool:
    del answer
    return status == "default" or status[0] in "45"


def _finish_answer(status: str, answer: Json, document: Json, *, is_keyed: bool, is_limited: bool) -> None:
    if answer["description"] in {"Successful Response", "Created", "OK"}:
        answer["description"] = ANSWERS[status]
    members = _members(answer, document)
    names = ["X-Request-Id"]
    names += ["ETag"] * ("version" in members)
    names += ["Link"] * ("next_cursor" in members)
    names += ["Location"] * (status in _LOCATED)
    names += ["Content-Disposition"] * bool(
        {"application/zip", "application/pdf", "text/csv"} & answer.get("content", {}).keys()
    )
    names += ["Idempotency-Replayed"] * is_keyed
    names += ["RateLimit", "RateLimit-Policy"] * is_limited
    answer["headers"] = _headers(names) | answer.get("headers", {})


def _members(answer: Json, document: Json) -> Iterable[str]:
    schema = answer.get("content", {}).get(JSON, {}).get("schema", {})
    named = document["components"]["schemas"].get(schema.get("$ref", "").removeprefix(REF), {})
    return list(named.get("properties", {}))


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusals(refused: set[type[Problem]]) -> dict[str, Json]:
    by_status: dict[str, list[type[Problem]]] = defaultdict(list)
    for kind in refused:
        by_status["default" if kind in ANY else str(kind.status)].append(kind)
    return {status: _refusal(status, sorted(by_status[status], key=example_name)) for status in sorted(by_status)}


def _refusal(status: str, kinds: list[type[Problem]]) -> Json:
    names = ["X-Request-Id"]
    names += ["WWW-Authenticate"] * any(issubclass(kind, Unauthorized) for kind in kinds)
    names += ["Retry-After"] * (
        any(issubclass(kind, _RETRYABLE) for kind in kinds) or "request_in_progress" in {kind.code() for kind in kinds}
    )
    names += ["RateLimit", "RateLimit-Policy"] * any(issubclass(kind, TooManyRequests) for kind in kinds)
    listed = "\n".join(f"- `{kind.code()}`: {meaning(kind)}" for kind in kinds)
    return {
        "description": f"{STATUSES[status]}\n\n{listed}",
        "headers": _headers(names),
        "content": {
            PROBLEM_JSON: {
                "schema": {"$ref": f"{REF}Problem"},
                "examples": {
                    example_name(kind): {"$ref": f"#/components/examples/{example_name(kind)}"} for kind in kinds
                },
            }
        },
    }


def _put_examples(operation: Json, examples: Json) -> None:
    """The bodies of the demo school."""
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        if "request" in examples:
            media["example"] = examples["request"]
    for status, example in examples.get("responses", {}).items():
        media = operation["responses"].get(status, {}).get("content", {}).get(JSON)
        if media is not None:
            media["example"] = example
