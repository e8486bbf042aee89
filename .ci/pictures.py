"""Make the pictures of `docs/pictures` anew: the demo school in a folder of its own, looked at with Chromium.

What a page shows is the same each time but for days, which follow the calendar.
"""

import asyncio
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.error import URLError

from PIL import Image
from playwright.async_api import Browser, ViewportSize, async_playwright

from studium.modules.users.demo import PASSWORD, SHOWN

TARGET = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
QUALITY = 80
HEIGHTS = {1280: 860, 360: 740}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: a page in a window, as a visitor or as the demo school's learner sees it."""

    page: str
    path: str
    language: str
    width: int
    theme: Literal["light", "dark"]
    learner: bool = False

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.page}-{self.language}-{self.width}-{self.theme}.webp"


SHOTS = (
    Shot("catalogue", "/courses", "en", 1280, "light"),
    Shot("catalogue", "/courses", "ar", 360, "dark"),
    Shot("course", "/courses/first-aid-basics", "en", 1280, "light", learner=True),
    Shot("course", "/courses/introduction-to-statistics", "ar", 1280, "dark"),
    Shot("lesson", "/courses/first-aid-basics/resuscitation", "en", 1280, "light", learner=True),
    Shot("lesson", "/courses/writing-clear-arabic/one-idea", "ar", 360, "light"),
    Shot("home", "/home", "en", 360, "light", learner=True),
)


@contextmanager
def school() -> Iterator[str]:
    """The address of a demo school that is served until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    studium = [sys.executable, "-m", "studium"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "STUDIUM_DATA_DIR": folder,
            "STUDIUM_PUBLIC_BASE_URL": address,
            "STUDIUM_LOG_LEVEL": "ERROR",
        }
        for command in ("migrate", "demo"):
            subprocess.run([*studium, command], env=environment, check=True, capture_output=True)  # noqa: S603 -- our own command.
        server = subprocess.Popen([*studium, "serve", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 -- as above.
        try:
            until_ready(f"{address}/readyz")
            yield address
        finally:
            server.terminate()
            server.wait()


def until_ready(address: str) -> None:
    """Wait until the server answers, a minute at most."""
    for _ in range(600):
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 -- our own server.
        except URLError:
            time.sleep(0.1)
        else:
            return
    sys.exit("The server did not start.")


async def take(browser: Browser, address: str, shot: Shot) -> bytes:
    """The picture as PNG."""
    window = ViewportSize(width=shot.width, height=HEIGHTS[shot.width])
    context = await browser.new_context(
        base_url=address, viewport=window, color_scheme=shot.theme, locale=shot.language, reduced_motion="reduce"
    )
    page = await context.new_page()
    if shot.learner:
        await page.goto("/login")
        await page.fill("#email", SHOWN[0])
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/home")
    answer = await page.goto(shot.path, wait_until="networkidle")
    if answer is None or not answer.ok:
        sys.exit(f"{shot.path} cannot be looked at.")
    taken = await page.screenshot(animations="disabled")
    await context.close()
    return taken


async def main() -> None:
    """Write every picture, and take away those that are made no more."""
    TARGET.mkdir(exist_ok=True)
    for path in TARGET.glob("*.webp"):
        if path.name not in {shot.name for shot in SHOTS}:
            path.unlink()
    with school() as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for shot in SHOTS:
                with Image.open(io.BytesIO(await take(browser, address, shot))) as picture:
                    picture.save(TARGET / shot.name, quality=QUALITY, method=6)
                sys.stdout.write(f"docs/pictures/{shot.name}  {(TARGET / shot.name).stat().st_size // 1024} KiB\n")
            await browser.close()


if __name__ == "__main__":
    if shutil.which(CHROMIUM) is None:
        sys.exit("Chromium is not installed; .ci/run installs it.")
    asyncio.run(main())
