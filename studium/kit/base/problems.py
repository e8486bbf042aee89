"""Errors as answers: RFC 9457 `application/problem+json`, one class for each kind of problem."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

PROBLEM_JSON = "application/problem+json"
MAX_FIELD_ERRORS = 20
Place = Literal["body", "path", "query", "header", "form"]


class Problem(Exception):
    """Something to act on. Subclasses set `status` and `title`; `type` and `code` follow from the class name.

    `detail` is one clear sentence; further keyword members help a program (`enrollment_id=…`). With `commits_on_error`
    the request's transaction is committed before the answer leaves (a counted failure, a revoked session); else it
    rolls back.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    commits_on_error: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = dict(headers or {})
        self.members = members

    @classmethod
    def slug(cls) -> str:
        """The class name in kebab case: `already-enrolled`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def code(cls) -> str:
        """The class name in snake case: `already_enrolled`."""
        return cls.slug().replace("-", "_")


class Unauthorized(Problem):
    """No token, or one that is bad, expired or revoked, or whose user is deactivated."""

    status = 401
    title = "Who are you?"

    def __init__(self, detail: str = "Log in and send the access token as a bearer token.") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="studium"'})


class Forbidden(Problem):
    """The caller may know that it exists, but may not do this."""

    status = 403
    title = "Not allowed"


class FieldNotAllowed(Forbidden):
    """A field that the caller may not set here: it would be an escalation or a forgery."""

    title = "Field not allowed"

    def __init__(self, field: str) -> None:
        super().__init__(f"The field {field} cannot be set here.", field=field)


class NotFound(Problem):
    """It does not exist, or the caller may not know that it does."""

    status = 404
    title = "Not found"


class MethodNotAllowed(Problem):
    """The address exists, but not with this method."""

    status = 405
    title = "Method not allowed"


class ChangedMeanwhile(Problem):
    """What the request builds on was changed or removed by another at the same moment; read it again."""

    status = 409
    title = "Changed by somebody else"


class PreconditionFailed(Problem):
    """`If-Match` named another version than the present one."""

    status = 412
    title = "It has changed meanwhile"


class BodyTooLarge(Problem):
    """The body is larger than this address takes."""

    status = 413
    title = "Body too large"


class MalformedRequest(Problem):
    """What came is no HTTP request, does not name exactly one host, or says twice what may be said once."""

    status = 400
    title = "Malformed request"


class UnknownHost(Problem):
    """The request names a host that this server is not known by."""

    status = 400
    title = "Unknown host"


class RequestTimeout(Problem):
    """The request did not arrive in time: 10 seconds for the head, 30 for a body, longer for an upload that flows."""

    status = 408
    title = "Request timeout"


class AddressTooLong(Problem):
    """The address is longer than 8 KiB."""

    status = 414
    title = "Address too long"


class HeadTooLarge(Problem):
    """The headers are more than 100, or more than 32 KiB in all."""

    status = 431
    title = "Request header fields too large"


class UnsupportedMediaType(Problem):
    """The body is of a content type that this address does not take."""

    status = 415
    title = "Unsupported media type"


class MalformedBody(Problem):
    """The body is not the JSON that it says it is."""

    status = 400
    title = "Malformed body"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with the input: where (`in`, JSON pointer), a code, and a sentence. Never the value."""

    place: Place
    pointer: str
    code: str
    detail: str

    def as_member(self) -> dict[str, str]:
        """The JSON form; `in` is a word that Python keeps for itself."""
        members = asdict(self)
        return {"in": members.pop("place"), **members}


class InvalidInput(Problem):
    """The input breaks a rule of its schema; `errors` lists what, at most 20."""

    status = 422
    title = "Invalid input"

    def __init__(self, errors: Sequence[FieldError], detail: str = "") -> None:
        self.errors = tuple(errors[:MAX_FIELD_ERRORS])
        listed = [error.as_member() for error in self.errors]
        super().__init__(detail or "The input is not valid; see errors.", errors=listed)


class TooManyRequests(Problem):
    """Throttled; `Retry-After` says for how long, in seconds."""

    status = 429
    title = "Too many requests"

    def __init__(self, retry_after: int, detail: str = "Wait a little, then try again.") -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class InternalError(Problem):
    """A defect of the server. The request id finds it in the logs."""

    status = 500
    title = "Internal error"


class Overloaded(Problem):
    """Too busy to take this now; nothing was done."""

    status = 503
    title = "Too busy"

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("The server is busy; try again shortly.", headers={"Retry-After": str(retry_after)})


class TookTooLong(Problem):
    """The server gave up on the request; whether it was done is not known, so look before sending it again."""

    status = 503
    title = "Took too long"

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__("The server gave up on this request.", headers={"Retry-After": str(retry_after)})


class DependencyDown(Problem):
    """Something that the server stands on does not answer; nothing was done."""

    status = 503
    title = "Temporarily unavailable"

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__("The service is temporarily unavailable.", headers={"Retry-After": str(retry_after)})


class StorageFull(Problem):
    """The disk is full; nothing was stored."""

    status = 507
    title = "Storage full"


def problem_body(problem: Problem, *, instance: str, request_id: str) -> bytes:
    """The document of RFC 9457 for this problem."""
    document = {
        "type": f"/problems/{problem.slug()}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "code": problem.code(),
        "request_id": request_id,
        **problem.members,
    }
    return json.dumps(document, ensure_ascii=False, default=str).encode()
