"""The figures in docs/performance.md, which the command writes, so that nobody types them."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"

BEGIN, END = "<!-- figures, written by: python -m tests.benchmarks --docs -->", "<!-- end of the figures -->"


def write_figures(figures: str, page: Path = PAGE) -> None:
    """Replace what stands between both marks of a page."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")


def read_figures(page: Path = PAGE) -> str:
    """Return what stands there."""
    return page.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
