"""Between the two factors: a short-lived challenge, how often it may be tried, and the codes that are mailed for it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import codes
from studium.access.throttle import Limit, longest_wait, note, require_room
from studium.events import MfaCodeRequested
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.kit.runtime import Runtime, get_runtime
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import MfaMethod, User
from studium.modules.auth.errors import InvalidChallenge
from studium.modules.auth.schemas import MfaChallengeResponse

CHALLENGE = "challenge"
_MARK, _KEPT = "password-mark", "mfa-code-kept"
CHALLENGE_LIFETIME = timedelta(minutes=10)
_REMEMBERED = 2 * CHALLENGE_LIFETIME
TRIES = Limit("mfa:challenge", 5, _REMEMBERED)
PASSED = Limit("mfa:passed", 1, _REMEMBERED)
PER_PERSON = (
    Limit("mfa:person", 5, timedelta(minutes=5)),
    Limit("mfa:person", 20, timedelta(hours=1)),
    Limit("mfa:person", 50, timedelta(days=1)),
)
MAILS = Limit("mfa:mails", 20, timedelta(hours=1))
SECONDS = int(CHALLENGE_LIFETIME.total_seconds())


@dataclass(frozen=True, slots=True)
class ChallengeClaims:
    """What a challenge says: whose it is, its id, and a mark of the password that was right."""

    user_id: UUID
    id: UUID
    mark: str


async def challenge(session: AsyncSession, user: User) -> MfaChallengeResponse:
    """Ask a person whose password was right for the second factor; mail a code where that is the method."""
    challenge_id, method = new_id(), user.mfa_method or MfaMethod.TOTP
    if method is MfaMethod.EMAIL:
        await send_code(session, user, challenge_id)
    keys = get_runtime(session).keys
    claims = {"sub": str(user.id), "jti": str(challenge_id), "mark": password_mark(keys, user)}
    token = keys.sign(CHALLENGE, claims, lifetime=CHALLENGE_LIFETIME)
    return MfaChallengeResponse(challenge_token=token, method=method, expires_in_seconds=SECONDS)


def read_challenge(keys: Keys, token: str) -> ChallengeClaims:
    """The claims of a genuine challenge; raise InvalidChallenge otherwise."""
    try:
        claims = keys.verify(CHALLENGE, token)
        return ChallengeClaims(UUID(str(claims["sub"])), UUID(str(claims["jti"])), str(claims["mark"]))
    except (TokenInvalid, KeyError, ValueError):
        raise InvalidChallenge from None


def password_mark(keys: Keys, user: User) -> str:
    """A mark that changes with the password, so that a challenge dies with the password that opened it."""
    return keys.mac(_MARK, _marked(user))[:16]


def is_password_mark(keys: Keys, user: User, mark: str) -> bool:
    """Whether the password is still the one that opened the challenge."""
    return keys.is_mac(_MARK, _marked(user), mark)


def _marked(user: User) -> str:
    return f"{user.id}:{user.password_hash}"


async def require_open(session: AsyncSession, challenge_id: UUID) -> None:
    """Raise InvalidChallenge when it was passed before, or has had its five tries. Hold the person's row."""
    if await longest_wait(session, (PASSED, TRIES), challenge_id):
        raise InvalidChallenge


async def require_tries_left(session: AsyncSession, user: User) -> None:
    """Raise TooManyRequests after 5 wrong codes in 5 minutes, 20 in an hour, 50 in a day. Hold the person's row."""
    message = "Too many wrong codes. Wait a little, then try again."
    await require_room(session, PER_PERSON, user.id, otherwise=message)


async def note_wrong_code(session: AsyncSession, user: User, challenge_id: UUID | None = None) -> None:
    """Count a wrong code against the person, and against the challenge if there is one."""
    await note(session, PER_PERSON[0].scope, user.id)
    if challenge_id is not None:
        await note(session, TRIES.scope, challenge_id)


async def close(session: AsyncSession, challenge_id: UUID) -> None:
    """The challenge is passed, and with it its code is used."""
    await note(session, PASSED.scope, challenge_id)
    await get_runtime(session).cache.delete(_key(challenge_id))


async def send_code(session: AsyncSession, user: User, code_id: UUID) -> None:
    """Mail the six digits of `code_id` and keep their HMAC for ten minutes; TooManyRequests after 20 in an hour."""
    message = "Too many codes were mailed. Wait a little, then try again."
    await require_room(session, (MAILS,), user.id, otherwise=message)
    await note(session, MAILS.scope, user.id)
    runtime = get_runtime(session)
    kept = runtime.keys.mac(_KEPT, _said(code_id, codes.mailed_code(runtime.keys, code_id)))
    await runtime.cache.set(_key(code_id), kept, SECONDS)
    await publish(session, MfaCodeRequested(user_id=user.id, code_id=code_id))


async def is_mailed_code(runtime: Runtime, code_id: UUID, code: str) -> bool:
    """Whether `code` is the one that was mailed for `code_id`, which the caller knows to be open.

    The cache has its HMAC. Where it does not (a stopped Redis, another process's memory), it is worked out again, so
    that a broken cache locks nobody out; how long a code is good and how often it may be tried does not hang on it.
    """
    kept = await runtime.cache.get(_key(code_id))
    if kept is None:
        return codes.is_mailed_code(runtime.keys, code_id, code)
    return runtime.keys.is_mac(_KEPT, _said(code_id, code), kept)


def _key(code_id: UUID) -> str:
    return f"auth:mfa:code:{code_id}"


def _said(code_id: UUID, code: str) -> str:
    """What is kept of a code: bound to its challenge, so that equal digits of another one look different."""
    return f"{code_id}:{code}"
