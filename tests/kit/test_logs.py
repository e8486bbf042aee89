"""Logs: one JSON line for each event, from wherever it came, without secrets."""

import asyncio
import json
import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from studium.kit.base.config import Mode, Settings, load_settings
from studium.kit.base.logs import access_log, clean_text, configure_logs, flush_requests, request_id_var

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    flush_requests()  # What requests of other tests left.
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def settings_in(folder: Path, mode: Mode = Mode.PRODUCTION, **more: object) -> Settings:
    return load_settings(mode=mode, data_dir=folder, secret_key=secrets.token_urlsafe(48), **more)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_line_of_json(tmp_path, capsys):
    configure_logs(settings_in(tmp_path))
    mark = request_id_var.set("request-1")
    structlog.get_logger().info("it happened", course="Lógica\nII", count=3)
    request_id_var.reset(mark)
    [line] = lines(capsys)
    assert line["event"] == "it happened"
    assert (line["level"], line["request_id"], line["course"], line["count"]) == ("info", "request-1", "Lógica\nII", 3)
    assert str(line["timestamp"]).endswith("+00:00")


async def test_lines_of_requests_wait_for_another_event_or_the_end(tmp_path, capsys):
    settings = settings_in(tmp_path)
    configure_logs(settings)
    for name in ("one", "two"):
        access_log(settings)('GET"', f"/{name}", 200, 1.5)
    assert lines(capsys) == []
    structlog.get_logger().info("three")
    assert [line.get("route", line["event"]) for line in lines(capsys)] == ["/one", "/two", "three"]
    access_log(settings)('GET"', "/four", 200, 1.5)
    flush_requests()
    [line] = lines(capsys)
    assert (line["method"], line["route"], line["status"], line["ms"]) == ('GET"', "/four", 200, 1.5)


async def test_lines_of_requests_are_written_soon(tmp_path, capsys):
    access_log(settings_in(tmp_path))("GET", "/livez", 200, 1.5)
    async with asyncio.timeout(5):
        while not (written := lines(capsys)):
            await asyncio.sleep(0.01)
    assert written[0]["route"] == "/livez"


def test_the_standard_library_goes_the_same_way(tmp_path, capsys):
    configure_logs(settings_in(tmp_path))
    logging.getLogger("uvicorn.error").warning("started on %s", "port 8000")
    [line] = lines(capsys)
    assert (line["event"], line["logger"], line["level"]) == ("started on port 8000", "uvicorn.error", "warning")


def test_what_is_below_the_level_is_not_logged(tmp_path, capsys):
    configure_logs(settings_in(tmp_path, log_level="WARNING"))
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    access_log(settings_in(tmp_path, log_level="WARNING"))("GET", "/livez", 200, 1.0)
    assert lines(capsys) == []


def test_servers_own_access_lines_are_dropped_because_they_hold_queries(tmp_path, capsys):
    configure_logs(settings_in(tmp_path))
    logging.getLogger("uvicorn.access").info('"GET /confirm-email?token=abc"')
    assert lines(capsys) == []


@pytest.mark.parametrize(
    "key",
    ["password", "new_password", "access_token", "Authorization", "cookie", "code", "recovery_codes", "secret_key"],
)
def test_secret_keys_are_redacted_at_any_depth(tmp_path, capsys, key: str):
    configure_logs(settings_in(tmp_path))
    structlog.get_logger().info("x", **{key: "hidden-1"}, body={"deep": [{key: "hidden-2"}]})
    assert "hidden" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {JWT}",
        f"it was {JWT}, they said",
        "bearer hidden.text/with+signs==",
        "GET /reset-password?token=hidden&x=1",
        "login(email=None, password='hidden')",
        "postgresql://studium:hidden@db.example/studium",
        "INSERT INTO users\n[parameters: ('hidden', 1)]\n(Background on this error …)",
    ],
)
def test_secret_looking_texts_are_redacted(text: str):
    cleaned = clean_text(text)
    assert "[redacted]" in cleaned
    assert "hidden" not in cleaned
    assert JWT not in cleaned


@pytest.mark.parametrize(
    "text", ["certificate 12 issued", "status_code is 404", "https://studium.example/verify/CERT-1"]
)
def test_plain_texts_stay(text: str):
    assert clean_text(text) == text


def refuse(password: str) -> None:
    message = f"refused Bearer {JWT}"
    if password:
        raise RuntimeError(message)


def test_tracebacks_are_logged_without_values(tmp_path, capsys):
    configure_logs(settings_in(tmp_path))
    given = f"hidden-{1}"
    try:
        refuse(given)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    [line] = lines(capsys)
    assert "RuntimeError: refused Bearer [redacted]" in str(line["exception"])
    assert line["level"] == "error"
    assert JWT not in str(line)
    assert "hidden-1" not in str(line)


def test_development_is_for_people(tmp_path, capsys):
    settings = settings_in(tmp_path, Mode.DEVELOPMENT)
    configure_logs(settings)
    access_log(settings)("GET", "/livez", 200, 1.5)
    written = capsys.readouterr().err
    assert "request" in written
    assert "route=/livez" in written
    assert not written.startswith("{")


def test_handlers_of_a_test_runner_stay_and_ours_is_there_once(tmp_path):
    root, other = logging.getLogger(), logging.NullHandler()
    root.handlers = [logging.StreamHandler(), other]
    for _ in range(2):
        configure_logs(settings_in(tmp_path))
    assert [type(handler).__name__ for handler in root.handlers] == ["NullHandler", "_Forward"]


def test_a_closed_standard_error_breaks_nothing(tmp_path, monkeypatch):
    configure_logs(settings_in(tmp_path))
    with (tmp_path / "closed").open("w") as closed:
        pass
    monkeypatch.setattr("sys.stderr", closed)
    structlog.get_logger().info("nobody reads this")


def test_a_broken_call_in_a_library_breaks_nothing(tmp_path, capsys):
    logging.getLogger().handlers = []  # The test runner's own handler raises on purpose.
    configure_logs(settings_in(tmp_path))
    logging.getLogger("some.library").info("%d", "not a number")
    assert "not a number" in capsys.readouterr().err
