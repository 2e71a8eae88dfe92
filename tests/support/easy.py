"""What a page must be for old eyes and thumbs, asked of a real browser. Source: conversation 5."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Frame, Page

__all__ = ["is_easy", "reads_well"]

_SMALL_WORDS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const small = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const size = parseFloat(getComputedStyle(node.parentElement).fontSize);
    const seen = node.parentElement.checkVisibility();
    if (seen && node.data.trim() && size < 18) small.push(`${size} px: ${node.data.trim()}`);
  }
  return small;
}"""
_SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select, textarea")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden")
  .map((one) => [one.getBoundingClientRect().height, one.outerHTML])
  .filter(([height]) => height < 60)"""
_WIDER_THAN_THE_SCREEN = "() => document.documentElement.scrollWidth > innerWidth"


async def is_easy(frame: Frame) -> None:
    """Check one page: words of 18 px, targets of 60 px, contrast, nothing to push sideways."""
    # Words are there before the sheet that makes them large.
    await frame.wait_for_load_state("load")
    assert (await frame.locator("main").inner_text()).strip()
    assert await frame.evaluate(_SMALL_WORDS) == []
    assert await frame.evaluate(_SMALL_TARGETS) == []
    await reads_well(frame)


async def reads_well(page: Frame | Page) -> None:
    """Check what a tool can check: nothing that hinders a reader, and contrast in particular."""
    assert not await page.evaluate(_WIDER_THAN_THE_SCREEN)
    found = (await Axe().run(page)).response  # type: ignore[arg-type] # a frame runs it as well
    serious = [one for one in found["violations"] if one["impact"] != "minor"]
    assert serious == [], [(one["id"], one["nodes"]) for one in serious]
    judged = {one["id"] for one in found["passes"]}
    assert "color-contrast" in judged, "nobody has looked at the contrast"
