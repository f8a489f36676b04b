"""A chart of horizontal bars as SVG, in groups: of each group a bar for each series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 720, 220, 60  # px: the whole, before the bars, after the longest for its number
BAR, GAP, HEAD = 14, 10, 46
COLOURS = ("#1f6feb", "#9aa4b2", "#d29922", "#b35900", "#8250df", "#2da44e")
FONT = "font-family='sans-serif' font-size='12'"


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    Attributes:
        title: above it.
        series: what the bars of a group are of, in order; a group need not have all.
        groups: the values by series, by what the group is called.
        mark: where a line stands that the bars are read against, or None.
    """

    title: str
    series: Sequence[str]
    groups: Mapping[str, Mapping[str, float]]
    mark: float | None = None

    def svg(self) -> str:
        """Return it as SVG."""
        longest = max([*(value for group in self.groups.values() for value in group.values()), self.mark or 0.0])
        scale = (WIDTH - LEFT - RIGHT) / longest
        drawn, y = [], float(HEAD)
        for name, group in self.groups.items():
            drawn.append(_text(LEFT - 8, y + BAR * len(group) / 2 + 4, name, "end"))
            for index, series in enumerate(self.series):
                if series in group:
                    width = group[series] * scale
                    drawn.append(_rect(LEFT, y, width, COLOURS[index % len(COLOURS)]))
                    drawn.append(_text(LEFT + width + 4, y + BAR - 3, f"{group[series]:.3g}"))
                    y += BAR
            y += GAP
        if self.mark is not None:
            x = LEFT + self.mark * scale
            drawn.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{HEAD - 6}' y2='{y:.0f}' stroke='#444' />")
        head = [_text(8, 16, self.title), *self._legend()]
        size = f"width='{WIDTH}' height='{y:.0f}' viewBox='0 0 {WIDTH} {y:.0f}'"
        ground = f"<rect width='{WIDTH}' height='{y:.0f}' fill='#fff' />"
        return "\n".join(
            [f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>", ground, *head, *drawn, "</svg>", ""]
        )

    def _legend(self) -> list[str]:
        if len(self.series) < 2:
            return []
        parts, x = [], 8.0
        for index, series in enumerate(self.series):
            parts += [_rect(x, 24, 12, COLOURS[index % len(COLOURS)]), _text(x + 16, 34, series)]
            x += 28 + 7 * len(series)
        return parts


def _rect(x: float, y: float, width: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{BAR - 2}' fill='{colour}' />"


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='#222'>{escape(words)}</text>"
