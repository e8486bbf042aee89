"""Hands of a person at a browser: by touch, or by the keyboard alone."""

from playwright.async_api import Locator, Page

FAR = 150
"""So many presses of Tab reach everything on a page."""

_HAS_FOCUS = "one => document.activeElement === one"


class Hands:
    """What somebody does on a page, by touch; the page of the next answer is there afterwards."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def use(self, where: str, leads: str) -> None:
        """Press a link or a button that leads to another page, whose address matches `leads`."""
        async with self.page.expect_navigation(url=leads, wait_until="load"):
            await self.press(self.page.locator(where).first)

    async def write(self, where: str, text: str) -> None:
        """Write into a field, in place of what is there."""
        await self.page.locator(where).fill(text)

    async def choose(self, where: str) -> None:
        """Choose one of several answers."""
        await self.page.locator(where).locator("xpath=ancestor::label").tap()
        assert await self.page.locator(where).is_checked()

    async def press(self, what: Locator) -> None:
        """Press a link or a button."""
        await what.tap()


class Keys(Hands):
    """The same by the keyboard alone: what cannot be reached by Tab is not there."""

    async def write(self, where: str, text: str) -> None:
        """Write into a field, in place of what is there."""
        await self._go_to(self.page.locator(where))
        await self.page.keyboard.press("ControlOrMeta+A")
        await self.page.keyboard.type(text)

    async def choose(self, where: str) -> None:
        """Go to the group, then to the answer by the arrow keys, as in any group of radio buttons."""
        wanted = self.page.locator(where)
        name = await wanted.get_attribute("name")
        group = self.page.locator(f"input[name='{name}']")
        await self._go_to(group.first)
        await self.page.keyboard.press("Space")
        for _ in range(await group.count()):
            if await wanted.is_checked():
                return
            await self.page.keyboard.press("ArrowDown")
        assert await wanted.is_checked()

    async def press(self, what: Locator) -> None:
        """Go to a link or a button and press Enter."""
        await self._go_to(what)
        await self.page.keyboard.press("Enter")

    async def _go_to(self, what: Locator) -> None:
        for _ in range(FAR):
            if await what.evaluate(_HAS_FOCUS):
                return
            await self.page.keyboard.press("Tab")
        message = f"{what} is not reached by Tab"
        raise AssertionError(message)
