"""A chart with two logarithmic axes as SVG, readable on light and on dark ground: points, and lines through them."""

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 900, 460
LEFT, RIGHT, TOP, BOTTOM = 90, 870, 110, 400
# Colours that can be told apart on white and on black, also by those who see few of them: as in chart.cpp.
STYLE = """<style>
text { font: 13px sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: bold; }
.grid { stroke: #8c959f; stroke-opacity: 0.35; }
.line { fill: none; stroke-width: 1.6; }
.line0 { stroke: #0969da; } .line1 { stroke: #cf222e; stroke-dasharray: 6 3; } .line2 { stroke: #bf8700; }
.line3 { stroke: #1a7f37; stroke-dasharray: 2 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .line0 { stroke: #58a6ff; } .line1 { stroke: #ff7b72; } .line2 { stroke: #e3b341; } .line3 { stroke: #56d364; }
}
</style>
"""


@dataclass(frozen=True)
class Line:
    name: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """Whole decades between two places of the drawing."""

    begin: float
    end: float
    low: int
    high: int

    def at(self, value: float) -> float:
        return self.begin + (self.end - self.begin) * (math.log10(value) - self.low) / (self.high - self.low)


def axis(begin: float, end: float, values: list[float]) -> Axis:
    low = math.floor(math.log10(min(values)))
    return Axis(begin, end, low, max(low + 1, math.ceil(math.log10(max(values)))))


def draw(title: str, below: str, beside: str, lines: list[Line]) -> str:
    """At most four lines, with values above zero."""
    across = axis(LEFT, RIGHT, [x for line in lines for x, _ in line.points])
    upwards = axis(BOTTOM, TOP, [y for line in lines for _, y in line.points])
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
           f"<title>{title}</title>", STYLE + f'<text class="title" x="{LEFT}" y="26">{title}</text>']
    for decade in range(across.low, across.high + 1):
        x = across.at(10**decade)
        svg.append(f'<path class="grid" d="M{x:.1f} {TOP}V{BOTTOM}"/>')
        svg.append(f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle">{10**decade:g}</text>')
    for decade in range(upwards.low, upwards.high + 1):
        y = upwards.at(10**decade)
        svg.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>')
        svg.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**decade:g}</text>')
    svg.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 42}" text-anchor="middle">{below}</text>')
    svg.append(f'<text transform="translate(22 {(TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{beside}</text>')
    for number, line in enumerate(lines):
        x, y = LEFT + 390 * (number % 2), 56 + 26 * (number // 2)
        svg.append(f'<path class="line line{number}" d="M{x} {y - 4}h34"/>')
        svg.append(f'<text x="{x + 42}" y="{y}">{line.name}</text>')
        places = [(across.at(x), upwards.at(y)) for x, y in sorted(line.points)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        svg.append(f'<path class="line line{number}" d="M{path}"/>')
        svg += [f'<circle class="line line{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    return "\n".join([*svg, "</svg>", ""])
