"""A teacher who writes on a device on which everything goes wrong, and all that the editor said of the text."""

from dataclasses import dataclass, field

from tests.web.devices import Device

SAVED, KEPT = "Saved", "Kept on this device"
_WATCH = """new MutationObserver(() => {
  const said = document.querySelector("#saved-state")?.textContent.trim();
  const area = document.querySelector("md-editor[ready] #content");
  if (said && area) noted([said, area.value]);
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-state", "class"], childList: true})"""
_TYPE = """word => {
  const area = document.querySelector("md-editor[ready] #content");
  if (!area || area.readOnly) return false;
  area.value += word;
  area.dispatchEvent(new Event("input", {bubbles: true}));
  return true;
}"""


@dataclass
class Writer(Device):
    """One browser with the editor of a lesson; `promised` are all words of texts that it called saved or kept."""

    promised: set[str] = field(default_factory=set)

    async def equip(self) -> None:
        """Note what the page promises."""
        await self.context.expose_binding("noted", lambda _, told: self._note(*told))
        await self.context.add_init_script(_WATCH)

    def _note(self, said: str, text: str) -> None:
        if said.startswith((SAVED, KEPT)):
            self.promised |= set(text.split())

    async def log_in(self, cookie: str) -> None:
        """Give the browser a session."""
        self.cookie = (self.cookie[0], cookie)
        if self._context is not None:
            await self.context.add_cookies([{"name": self.cookie[0], "value": cookie, "url": self.line.address}])

    async def open(self) -> None:
        """Open the editor in a tab of its own, which takes over from the one before."""
        if self._context is None:
            await self.start()
        before, self.page = self.page, await self.context.new_page()
        await self.page.goto(self.line.address + self.path)
        if before is not None:
            await self.page.locator("[data-do=take]").click()
        await self.page.wait_for_selector("md-editor[ready]")
        if before is not None:
            await before.close()

    async def write(self, word: str) -> bool:
        """Write a word at the end; gives whether the page lets one."""
        return self.page is not None and bool(await self.page.evaluate(_TYPE, word))

    async def state(self) -> str:
        """How the page says that the text stands."""
        assert self.page is not None
        return await self.page.locator("md-editor").get_attribute("data-state") or "same"

    async def choose(self, which: str) -> None:  # type: ignore[override]  # of two texts, not of two answers.
        """Look at both texts and keep one."""
        assert self.page is not None
        if await self.page.locator("#both").count() == 0:
            async with self.page.expect_navigation():
                await self.page.locator("[data-do=compare]").click()
            await self.page.wait_for_selector("md-editor[ready]")
        async with self.page.expect_navigation():
            await self.page.locator(f"section[aria-labelledby=both] button{which}").click()
        await self.page.wait_for_selector("md-editor[ready]")
