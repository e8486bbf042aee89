"""Tokens of the server: what it signed is believed, and nothing else."""

import base64
import hmac
import json
from datetime import timedelta
from uuid import UUID

import pytest

from studium.kit.base import clock
from studium.kit.base.ids import new_id
from studium.kit.security.tokens import ISSUER, MAX_LIFETIME, MAX_TOKEN, Keys, TokenInvalid

QUARTER_HOUR = timedelta(minutes=15)
MASTER, OTHER = b"the master secret of this test, long enough", b"the master secret of somebody else, as long"
KEYS, OTHERS = Keys(MASTER), Keys(OTHER)
HEADER = {"alg": "HS256", "typ": "access"}


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sealed(header: object, claims: object, *, keys: Keys = KEYS, purpose: str = "access") -> str:
    """A token with a right signature around anything: what a careless signer could have made."""
    raw = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signed = ".".join(text_of(part) for part in raw)
    return f"{signed}.{text_of(hmac.digest(keys._key('sign', purpose), signed.encode(), 'sha256'))}"


def claims(**changes: object) -> dict[str, object]:
    at = int(clock.now().timestamp())
    right = {"sub": "sam", "jti": "1", "iat": at, "nbf": at, "exp": at + 900, "iss": ISSUER, "aud": "access"}
    return {name: value for name, value in {**right, **changes}.items() if value is not ...}


def in_seconds(seconds: int) -> int:
    return int(clock.now().timestamp()) + seconds


def test_what_was_signed_is_verified():
    token = KEYS.sign("access", {"sub": "sam", "sid": "s1"}, lifetime=QUARTER_HOUR)
    found = KEYS.verify("access", token)
    assert (found["sub"], found["sid"], found["iss"], found["aud"]) == ("sam", "s1", "studium", "access")
    assert found["exp"] == int(str(found["iat"])) + 900


def test_the_forgery_of_these_tests_is_accepted_when_it_is_right():
    assert KEYS.verify("access", sealed(HEADER, claims()))["sub"] == "sam"


def test_a_token_that_is_known_still_ends_and_means_nothing_for_another_purpose():
    token = KEYS.sign("access", {"sub": "sam"}, lifetime=QUARTER_HOUR)
    for _ in range(2):
        assert KEYS.verify("access", token)["sub"] == "sam"
    with pytest.raises(TokenInvalid):
        KEYS.verify("refresh", token)
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", token + "=")
    with clock.shifted(QUARTER_HOUR), pytest.raises(TokenInvalid):
        KEYS.verify("access", token)


def test_only_so_many_tokens_are_known():
    keys = Keys(b"the master secret of this one test, long enough")
    for number in range(4100):
        keys.verify("access", sealed(HEADER, claims(jti=str(number)), keys=keys))
    assert len(keys._verified) == 4096


def test_every_token_has_its_own_id():
    tokens = [KEYS.sign("access", {"sub": "sam"}, lifetime=QUARTER_HOUR) for _ in range(2)]
    assert KEYS.verify("access", tokens[0])["jti"] != KEYS.verify("access", tokens[1])["jti"]


def test_a_token_ends():
    token = KEYS.sign("access", {"sub": "sam"}, lifetime=QUARTER_HOUR)
    with clock.shifted(timedelta(minutes=14)):
        KEYS.verify("access", token)
    with clock.shifted(timedelta(minutes=15, seconds=1)), pytest.raises(TokenInvalid):
        KEYS.verify("access", token)


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), MAX_LIFETIME + timedelta(seconds=1)])
def test_no_token_is_signed_for_a_senseless_time(lifetime: timedelta):
    with pytest.raises(ValueError):
        KEYS.sign("access", {"sub": "sam"}, lifetime=lifetime)


HOSTILE_CLAIMS = {
    "no sub": {"sub": ...},
    "empty sub": {"sub": ""},
    "sub is a number": {"sub": 5},
    "sub is a list": {"sub": ["sam"]},
    "sub is long": {"sub": "s" * 256},
    "no jti": {"jti": ...},
    "jti is true": {"jti": True},
    "no iss": {"iss": ...},
    "other iss": {"iss": "Studium"},
    "iss is a list": {"iss": ["studium"]},
    "no aud": {"aud": ...},
    "other aud": {"aud": "refresh"},
    "aud is a list": {"aud": ["access"]},
    "no iat": {"iat": ...},
    "iat is a text": {"iat": "1"},
    "iat is false": {"iat": False},
    "negative iat": {"iat": -1},
    "no nbf": {"nbf": ...},
    "nbf is a float": {"nbf": 1.5},
    "negative nbf": {"nbf": -5},
    "no exp": {"exp": ...},
    "exp is null": {"exp": None},
    "exp is true": {"exp": True},
    "exp is a float": {"exp": 4e9},
    "exp is a text": {"exp": "4000000000"},
    "exp is a list": {"exp": [4_000_000_000]},
    "exp is negative": {"exp": -1},
    "exp in years": {"exp": 4_000_000_000},
    "exp beyond all": {"exp": 10**400},
    "exp is infinite": {"exp": float("inf")},
    "exp is no number": {"exp": float("nan")},
}


@pytest.mark.parametrize("changes", HOSTILE_CLAIMS.values(), ids=HOSTILE_CLAIMS)
def test_hostile_claims_are_refused(changes: dict[str, object]):
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", sealed(HEADER, claims(**changes)))


@pytest.mark.parametrize(
    ("issued", "begins", "ends"),
    [(120, 120, 1000), (0, 120, 1000), (-1000, -1000, -1), (0, 0, 0), (10, 10, 10), (0, 50, 40), (-9, -9, 32 * 86_400)],
)
def test_times_that_make_no_sense_are_refused(issued: int, begins: int, ends: int):
    times = {"iat": in_seconds(issued), "nbf": in_seconds(begins), "exp": in_seconds(ends)}
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", sealed(HEADER, claims(**times)))


def test_a_clock_that_is_half_a_minute_ahead_is_forgiven():
    times = {"iat": in_seconds(30), "nbf": in_seconds(30), "exp": in_seconds(900)}
    KEYS.verify("access", sealed(HEADER, claims(**times)))


HOSTILE_HEADERS: dict[str, object] = {
    "alg none": {"alg": "none", "typ": "access"},
    "alg NONE": {"alg": "NONE", "typ": "access"},
    "alg HS512": {"alg": "HS512", "typ": "access"},
    "alg RS256": {"alg": "RS256", "typ": "access"},
    "alg in lower case": {"alg": "hs256", "typ": "access"},
    "no alg": {"typ": "access"},
    "no typ": {"alg": "HS256"},
    "typ JWT": {"alg": "HS256", "typ": "JWT"},
    "typ of another purpose": {"alg": "HS256", "typ": "refresh"},
    "kid": {**HEADER, "kid": "../../dev/null"},
    "jku": {**HEADER, "jku": "https://evil.example/keys"},
    "jwk": {**HEADER, "jwk": {"kty": "oct", "k": "AA"}},
    "x5u": {**HEADER, "x5u": "https://evil.example/cert"},
    "crit": {**HEADER, "crit": ["exp"]},
    "b64": {**HEADER, "b64": False},
    "zip": {**HEADER, "zip": "DEF"},
    "a list": [HEADER],
    "a text": "HS256",
    "null": None,
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "empty": b"",
}


@pytest.mark.parametrize("header", HOSTILE_HEADERS.values(), ids=HOSTILE_HEADERS)
def test_hostile_headers_are_refused_even_when_signed(header: object):
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", sealed(header, claims()))


@pytest.mark.parametrize("payload", [[], "sam", 5, None, b"", b"{", b"\xff", b"[" * 1500, b'{"exp":' + b"1" * 2500])
def test_payloads_that_are_no_object_are_refused(payload: object):
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", sealed(HEADER, payload))


def altered() -> dict[str, str]:
    token = sealed(HEADER, claims())
    header, payload, signature = token.split(".")
    other_last = text_of(base64.urlsafe_b64decode(signature + "="))[:-1] + ("B" if signature[-1] != "B" else "C")
    return {
        "empty": "",
        "dots": "..",
        "two parts": f"{header}.{payload}",
        "four parts": f"{token}.",
        "five parts (encrypted)": "a.b.c.d.e",
        "no signature": f"{header}.{payload}.",
        "signature in upper case": f"{header}.{payload}.{signature.upper()}",
        "another spelling of the last bits": f"{header}.{payload}.{other_last}",
        "padded": f"{token}=",
        "line break": f"{token}\n",
        "space before": f" {token}",
        "junk in the signature": f"{header}.{payload}.{signature[:5]}!{signature[5:]}",
        "payload of another": f"{header}.{text_of(json.dumps(claims(sub='root')).encode())}.{signature}",
        "alg none without signature": f"{text_of(json.dumps({'alg': 'none', 'typ': 'access'}).encode())}.{payload}.",
        "not ASCII": f"{token[:-1]}é",
        "lone surrogate": f"{token[:-1]}\ud800",
        "NUL": f"{token}\x00",
        "too long": "a" * MAX_TOKEN + token,
        "signed with another secret": sealed(HEADER, claims(), keys=OTHERS),
        "signed for another purpose": sealed(HEADER, claims(), purpose="refresh"),
    }


@pytest.mark.parametrize("name", altered())
def test_altered_tokens_are_refused(name: str):
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", altered()[name])


def test_a_token_of_one_purpose_means_nothing_to_another():
    token = KEYS.sign("refresh", {"sub": "sam"}, lifetime=QUARTER_HOUR)
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", token)


def test_the_signer_does_not_let_claims_choose_their_own_times():
    token = KEYS.sign("access", {"sub": "sam", "exp": 4e9, "aud": "x", "iss": "y"}, lifetime=QUARTER_HOUR)
    found = KEYS.verify("access", token)
    assert (found["aud"], found["iss"], type(found["exp"])) == ("access", ISSUER, int)


def test_a_sealed_text_opens_for_its_purpose_only():
    closed = KEYS.encrypt("mfa", "geheim ✓")
    assert KEYS.decrypt("mfa", closed) == "geheim ✓"
    assert "geheim" not in closed
    for keys, purpose in ((KEYS, "mail"), (OTHERS, "mfa")):
        with pytest.raises(TokenInvalid):
            keys.decrypt(purpose, closed)


def test_sealing_twice_gives_two_texts():
    assert KEYS.encrypt("mfa", "x") != KEYS.encrypt("mfa", "x")


@pytest.mark.parametrize("text", ["", "A", "AAAA", "é", "\ud800", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "!!"])
def test_what_was_never_sealed_does_not_open(text: str):
    with pytest.raises(TokenInvalid):
        KEYS.decrypt("mfa", text)


def test_a_damaged_sealed_text_does_not_open():
    closed = KEYS.encrypt("mfa", "secret")
    for at in range(len(closed)):
        damaged = closed[:at] + ("A" if closed[at] != "A" else "B") + closed[at + 1 :]
        with pytest.raises(TokenInvalid):
            KEYS.decrypt("mfa", damaged)


def test_a_one_time_token_names_its_row():
    row = new_id()
    token = KEYS.one_time_token("reset", row)
    assert KEYS.one_time_id("reset", token) == row
    assert (len(token), token.isascii()) == (64, True)
    assert KEYS.one_time_id("invite", token) is None
    assert OTHERS.one_time_id("reset", token) is None


def test_a_damaged_one_time_token_names_nothing():
    token = KEYS.one_time_token("reset", new_id())
    for at in range(len(token)):
        damaged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert KEYS.one_time_id("reset", damaged) is None


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "A" * 63, "é" * 64, "\ud800" * 64, "!" * 64, "A" * 100_000])
def test_what_is_no_one_time_token_names_nothing(token: str):
    assert KEYS.one_time_id("reset", token) is None


def test_a_mac_depends_on_purpose_text_and_secret():
    macs = {KEYS.mac("a", "x"), KEYS.mac("b", "x"), KEYS.mac("a", "y"), OTHERS.mac("a", "x")}
    assert len(macs) == 4
    assert {len(mac) for mac in macs} == {64}
    assert KEYS.mac("a", "x") == Keys(MASTER).mac("a", "x")


def test_nothing_shows_the_master_secret():
    assert "master" not in repr(KEYS)


def test_ids_come_back_as_they_went():
    row = UUID(int=0)
    assert KEYS.one_time_id("reset", KEYS.one_time_token("reset", row)) == row


def test_what_an_earlier_secret_made_is_read_and_nothing_new_is_made_with_it():
    row, changed = new_id(), Keys(OTHER, MASTER)
    token = KEYS.sign("access", {"sub": "sam"}, lifetime=QUARTER_HOUR)
    assert changed.verify("access", token)["sub"] == "sam"
    assert changed.decrypt("mfa", KEYS.encrypt("mfa", "x")) == "x"
    assert changed.one_time_id("reset", KEYS.one_time_token("reset", row)) == row
    assert changed.is_mac("a", "x", KEYS.mac("a", "x"))
    assert list(changed.macs("a", "x")) == [OTHERS.mac("a", "x"), KEYS.mac("a", "x")]
    with pytest.raises(TokenInvalid):
        KEYS.verify("access", changed.sign("access", {"sub": "sam"}, lifetime=QUARTER_HOUR))
    with pytest.raises(TokenInvalid):
        KEYS.decrypt("mfa", changed.encrypt("mfa", "x"))
    assert KEYS.one_time_id("reset", changed.one_time_token("reset", row)) is None
    assert not KEYS.is_mac("a", "x", changed.mac("a", "x"))


def test_an_earlier_secret_opens_nothing_of_another_purpose():
    changed = Keys(OTHER, MASTER)
    with pytest.raises(TokenInvalid):
        changed.verify("refresh", KEYS.sign("access", {"sub": "sam"}, lifetime=QUARTER_HOUR))
    with pytest.raises(TokenInvalid):
        changed.decrypt("mail", KEYS.encrypt("mfa", "x"))
    assert changed.one_time_id("invite", KEYS.one_time_token("reset", new_id())) is None
    assert not changed.is_mac("b", "x", KEYS.mac("a", "x"))


def test_a_part_of_a_mac_counts_from_sixteen_digits_on():
    mac = KEYS.mac("a", "x")
    assert [KEYS.is_mac("a", "x", mac[:length]) for length in (0, 15, 16, 64)] == [False, False, True, True]
    assert not any(KEYS.is_mac("a", "x", other) for other in (mac + "0", "é" * 64, "\ud800" * 64, mac.upper()))
