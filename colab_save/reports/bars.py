"""Drawings of weights: one line each with name, shape and histogram, as inline SVG in HTML and as blocks in text.

`viewing.inside` puts them into its table. Names can come from anywhere: they are cut and escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from colab_save.reports.card import Drawn, escape
from colab_save.reports.histogram import BINS, Histogram
from colab_save.types import Html
from colab_save.wording import cut

BAR, HEIGHT = 4, 20
"""Pixels: the width of a bar with its gap, and the height of a drawing."""

WIDTH = BAR * BINS
"""Pixels: the width of a drawing."""

MOST = 40
"""Most weights that are drawn in one cell; a layer of Keras has a dozen at most."""

DIGITS = (3, 5, 8, 17)
"""Digits of a number: the first that tells the ends apart is used."""

BLOCKS = "▁▂▃▄▅▆▇█"
"""Bars in text."""


@dataclass(frozen=True, slots=True)
class Bars:
    """One weight to draw: its name, its shape, and its histogram if its values were read."""

    name: str
    shape: tuple[int, ...]
    histogram: Histogram | None = None


def draw_weights(weights: Iterable[Bars]) -> Drawn:
    """Return a cell of a table with one line for each weight."""
    given = list(weights)
    drawn, more = given[:MOST], f"and {len(given) - MOST} more" if len(given) > MOST else ""
    html = "".join(f'<div class="weight">{_html(item)}</div>' for item in drawn)
    html += f'<div class="soft">{more}</div>' if more else ""
    lines = [*map(_text, drawn), *([more] if more else [])]
    return Drawn("".join(f"\n{line}" for line in lines), Html(f'<div class="weights">{html}</div>'))


def spread_in_words(histogram: Histogram) -> tuple[str, ...]:
    """Return the range and the mean of the values, in words."""
    low, high, mean = histogram.low, histogram.high, histogram.mean
    if not histogram.counts:
        return ("no finite value" if histogram.nans or histogram.infinite else "no values",)
    if low == high:
        return (f"all {low:.{DIGITS[0]}g}",)
    digits = next((digits for digits in DIGITS if f"{low:.{digits}g}" != f"{high:.{digits}g}"), DIGITS[-1])
    return f"{low:.{digits}g} to {high:.{digits}g}", f"mean {mean:.{digits}g}"


def oddities_in_words(histogram: Histogram) -> str:
    """Return how many values are not finite numbers, in words; empty if all are."""
    counts = (("NaN", histogram.nans), ("infinite", histogram.infinite))
    return ", ".join(f"{count:,} {what}" for what, count in counts if count)


def _text(weight: Bars) -> str:
    parts = [cut(weight.name), str([*weight.shape])]
    if weight.histogram is not None:
        parts += [_blocks(weight.histogram), ", ".join(spread_in_words(weight.histogram))]
        odd = oddities_in_words(weight.histogram)
        parts += [f"(! {odd})"] if odd else []
    return " ".join(filter(None, parts))


def _html(weight: Bars) -> Html:
    shape = f'<span class="soft">{list(weight.shape)}</span>'
    name = f"<span>{escape(cut(weight.name))}</span> " if weight.name else ""
    name = f'<span class="of">{name}{shape}</span>'
    if weight.histogram is None:
        return Html(name)
    spread = [f"<span>{words}</span>" for words in spread_in_words(weight.histogram)]
    if odd := oddities_in_words(weight.histogram):
        spread.append(f'<span class="outcome FAILED"><span aria-hidden="true">✗</span> {odd}</span>')
    return Html(f'{name}{_svg(weight)}<span class="spread">{" ".join(spread)}</span>')


def _svg(weight: Bars) -> Html:
    """Return the bars as one path; the words beside it say the same."""
    counts = weight.histogram.counts if weight.histogram else ()
    left = (WIDTH - BAR * len(counts)) // 2
    heights = [_height(count, max(counts), HEIGHT - 1) for count in counts]
    path = "".join(
        f"M{left + at * BAR} {HEIGHT - height}h{BAR - 1}v{height}h-{BAR - 1}z"
        for at, height in enumerate(heights)
        if height
    )
    label = f"Histogram of {escape(cut(weight.name))}"
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    floor = f'<path class="floor" d="M0 {HEIGHT - 0.5}h{WIDTH}"/>'
    return Html(f'<svg class="bars" role="img" aria-label="{label}" {size}>{floor}<path d="{path}"/></svg>')


def _blocks(histogram: Histogram) -> str:
    highest = max(histogram.counts, default=0)
    heights = (_height(count, highest, len(BLOCKS)) for count in histogram.counts)
    return "".join(BLOCKS[height - 1] if height else " " for height in heights)


def _height(count: int, highest: int, whole: int) -> int:
    """Return the height of a bar, at least 1 so that a single value among millions is seen."""
    return max(1, round(whole * count / highest)) if count else 0
