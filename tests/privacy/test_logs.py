"""What servers and workers log, at its most talkative, names nobody: whatever a person is called, types or sends."""

import re
from asyncio import to_thread
from pathlib import Path

import httpx2

from tests.backup.test_backup import make_whole
from tests.files.samples import GOOD
from tests.policy.test_authorization import rows
from tests.postbox import Postbox, smtp
from tests.privacy.canary import CANARY, plant
from tests.processes.school import NO_CERTIFICATES, School, school, stop, until
from tests.world import NUMBER, World, open_world

MAIL = f"{CANARY}@school.example"
PASSWORD = f"{CANARY} rides a bicycle"
REFUSED = f"550 5.1.1 <{MAIL}>: {CANARY} is not known here"
SAID = {
    "User-Agent": f"{CANARY}/1.0",
    "Idempotency-Key": CANARY,
    "Referer": f"https://{CANARY}.example/",
    "Cookie": f"session={CANARY}",
    "If-Match": f'"{CANARY}"',
}


async def test_the_log_names_nobody(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        await make_whole(world)
        await plant(world)
    async with smtp(Postbox(recipient=REFUSED)) as mail_url:
        jobs = "inline" if database_url.startswith("sqlite") else "external"
        settings = {"database_url": database_url, "mail_url": mail_url, "log_level": "DEBUG", "jobs": jobs}
        with school(tmp_path, **settings) as opened:
            processes = [opened.serve(), *([opened.start("worker")] if jobs == "external" else [])]
            await to_thread(live, opened, world)
            log = tmp_path / "processes.log"
            await to_thread(until, lambda: "job failed" in log.read_text())
            assert [await to_thread(stop, process) for process in processes] == [0] * len(processes)
    said = log.read_text()
    assert said.count("request") > 100
    assert "job failed" in said
    assert [line for line in said.splitlines() if CANARY in line] == []


def live(opened: School, world: World) -> None:
    """Do what puts the word into requests of every kind, most of which are refused."""
    sam, root = world.tokens["sam"], world.tokens["root"]
    known = {**world.ids, "NUMBER": NUMBER}
    for path in {row["path"] for row in rows() if row["method"] == "GET"}:
        if known.keys() >= set(re.findall(r"{(\w+)}", path)):
            opened.call("GET", path.format(**known), root)
    person = {"email": f"new-{MAIL}", "full_name": f"{CANARY} Example", "password": PASSWORD}
    calls = [
        ("POST", "/auth/register", None, person),
        ("POST", "/auth/register", None, {**person, CANARY: CANARY, "full_name": [CANARY]}),
        ("POST", "/auth/login", None, {"email": MAIL, "password": PASSWORD}),
        ("POST", "/auth/login", None, {"email": f"new-{MAIL}", "password": PASSWORD}),
        ("POST", "/auth/forgot-password", None, {"email": MAIL}),
        ("POST", "/auth/reset-password", None, {"token": CANARY, "new_password": PASSWORD}),
        ("POST", "/auth/verify-email", None, {"token": CANARY}),
        ("POST", "/users", root, {"email": f"made-{MAIL}", "full_name": CANARY, "role": "student"}),
        ("PATCH", "/users/me", sam, {"full_name": f"{CANARY} Other", "metadata": {CANARY: CANARY}}),
        ("PATCH", "/users/me", sam, {"new_password": PASSWORD, "current_password": CANARY}),
        ("POST", "/enrollments/join", sam, {"code": CANARY[:8]}),
        ("POST", "/grading/comments", world.tokens["ada"], {"text": CANARY}),
        ("POST", f"/enrollments/courses/{world.ids['C1']}", world.tokens["ada"], {"people": [{"email": MAIL}]}),
        ("POST", "/courses", world.tokens["ada"], {"title": CANARY, "slug": CANARY, "category": CANARY}),
        ("POST", f"/users/{world.ids['mia']}/export", root, {"reason": CANARY}),
        ("POST", "/users/me/export", sam, None),
        ("POST", f"/users/{world.ids['sam']}/anonymize", root, {"reason": CANARY}),
        ("GET", f"/users?q={CANARY}", root, None),
        ("GET", f"/courses?q={CANARY}&sort={CANARY}&cursor={CANARY}", None, None),
        ("GET", f"/courses/{CANARY}", sam, None),
        ("GET", f"/{CANARY}/nowhere", sam, None),
        (CANARY.upper(), f"/users/{CANARY}", sam, None),
    ]
    for method, path, token, body in calls:
        opened.call(method, path, token, json=body)
        opened.call(method, path, token, json=body, headers=SAID)
    opened.call("POST", "/auth/login", content=f'{{"email": "{MAIL}", "password": "{CANARY}'.encode())
    opened.call("GET", "/users/me", CANARY)
    table = f"email,full_name,external_id\r\n{MAIL},{CANARY},{CANARY}\r\ncsv-{MAIL},{CANARY},{CANARY}2\r\n".encode()
    for path, content in (("/files/upload", GOOD["photo.png"]), ("/courses/import", b"PK"), ("/users/import", table)):
        opened.call("POST", path, root, files={"file": (f"{CANARY}.png", content, CANARY)})
    for page in (f"/courses?q={CANARY}", f"/verify/{CANARY}", f"/{CANARY}", f"/confirm-email?token={CANARY}", "/login"):
        httpx2.get(f"{opened.address}{page}", headers=SAID, verify=NO_CERTIFICATES)
    form = {"email": MAIL, "password": CANARY}
    httpx2.post(f"{opened.address}/login", data=form, headers=SAID, verify=NO_CERTIFICATES)
