"""What the throttles have counted holds over a killed server and a stopped Redis, and the owner can still log in."""

import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from tests.processes.school import School, school
from tests.servers import redis_server

SAM = "sam@school.example"
PASSWORD = "violet kettle 41"
CHEAP = sys.executable, str(Path(__file__).with_name("cheap_passwords.py"))
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def log_in(at: School, source: str, password: str = PASSWORD, email: str = SAM) -> httpx2.Response:
    body = {"email": email, "password": password}
    return at.call("POST", "/auth/login", json=body, headers={"X-Forwarded-For": source})


def crowd(at: School) -> Counter[int]:
    """A hundred failures on the account, from ten sources."""
    with ThreadPoolExecutor(4) as threads:
        guesses = [threads.submit(log_in, at, f"192.0.2.{n % 10}", "not the password") for n in range(100)]
        return Counter(guess.result().status_code for guess in guesses)


def seen_from_all_sides(at: School) -> tuple[list[int], list[int]]:
    """The account from home, from elsewhere, and from a source that guessed; then nobody's account from there."""
    theirs = [log_in(at, source).status_code for source in (HOME, ELSEWHERE, "192.0.2.3")]
    nobodys = [log_in(at, source, email="nobody@school.example").status_code for source in (ELSEWHERE, "192.0.2.3")]
    return theirs, nobodys


def test_counts_outlive_a_killed_server_and_a_stopped_redis(database_url: str, tmp_path: Path) -> None:
    expected = [200, 429, 429], [401, 401]
    with redis_server(tmp_path) as redis:
        settings = {"database_url": database_url, "redis_url": f"redis://127.0.0.1:{redis.port}/0"}
        with school(tmp_path, trusted_proxies="127.0.0.1/32", jobs="external", **settings) as opened:
            opened.program = CHEAP
            server = opened.serve()
            body = {"email": SAM, "full_name": "Sam Example", "password": PASSWORD}
            assert opened.call("POST", "/auth/register", json=body).status_code == 201
            assert log_in(opened, HOME).status_code == 200
            assert crowd(opened) == {401: 100}
            assert seen_from_all_sides(opened) == expected
            redis.stop()
            assert seen_from_all_sides(opened) == expected
            server.send_signal(signal.SIGKILL)
            server.wait()
            opened.serve()
            assert seen_from_all_sides(opened) == expected
