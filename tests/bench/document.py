"""Writes answers as Markdown."""

import math

from measuring import Answer, Row, Target


def shown(value: float, unit: str) -> str:
    """With three digits that count, and the unit that suits it."""
    if math.isinf(value):
        return "never"
    if unit == "B":
        scales = [(2**20, "MiB"), (2**10, "KiB"), (1, "B")]
    elif unit == "s":
        scales = [(3600, "h"), (1, "s"), (1e-3, "ms"), (1e-6, "µs")]
    else:
        return f"{value:,.0f}"
    scale, name = next((pair for pair in scales if value >= pair[0]), scales[-1])
    return f"{three_digits(value / scale)} {name}"


def three_digits(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def limit(target: Target, unit: str) -> str:
    sign = "≥" if target.at_least else "≤"
    return f"{sign} {shown(target.limit, unit)}" if unit else f"{sign} {target.limit:g}"


def verdict(target: Target | None, value: float) -> str:
    if target is None:
        return ""
    return "met" if target.met(value) else "**not met**"


def lines_of(row: Row, number: int) -> list[str]:
    """The lines of a table: the first has the figure, each further one a comparison."""
    if row.figure is None:
        return [f"| {row.what} | fails | | | | | **not met** | {number} |"]
    figure = row.figure
    low, high = figure.spread
    spread = f"{shown(low, figure.unit)} – {shown(high, figure.unit)}" if len(figure.values) > 1 else ""
    first = f"| {row.what} | {shown(figure.median, figure.unit)} | {spread} |"
    lines = []
    if row.target or not row.comparisons:
        wanted = limit(row.target, figure.unit) if row.target else ""
        lines.append(f"{first} | | {wanted} | {verdict(row.target, figure.median)} | {number} |")
    for comparison in row.comparisons:
        wanted = limit(comparison.target, "") if comparison.target else ""
        lines.append(f"{first if not lines else '| | | |'} {comparison.to} | {comparison.ratio:.2f} | {wanted} "
                     f"| {verdict(comparison.target, comparison.ratio)} | {number} |")
    return lines


def section(answer: Answer) -> str:
    commands: dict[str, int] = {}
    table = ["| | median | spread | compared with | ratio | target | | command |", "|---|--:|--:|---|--:|--:|---|--:|"]
    for row in answer.rows:
        table += lines_of(row, commands.setdefault(row.command, len(commands) + 1))
    failures = [f"- Fails: {row.what}: `{row.failure}`" for row in answer.rows if row.figure is None]
    parts = [f"## {answer.title}", answer.method, "\n".join(table),
             "\n".join(f"{number}. `{command}`" for command, number in commands.items()),
             "\n".join([*failures, *(f"- {note}" for note in answer.notes)]),
             *(f"![{chart.title}](benchmarks/{chart.file})" for chart in answer.charts)]
    return "\n\n".join(part for part in parts if part) + "\n"


def document(answers: list[Answer], machine: list[tuple[str, str]]) -> str:
    rows = "\n".join(f"| {what} | {value} |" for what, value in machine)
    return f"""# What it costs

What the daemon costs, beside what people use instead, measured in one run on one machine. `scripts/bench` measures all
of it again and writes this page; `scripts/bench QUESTION` prints one part of it.

Figures are medians; the spread is that of the middle half. A ratio is the median of the ratios of two runs that
followed each other. "met" and "not met" refer to the target, which is a limit for the ratio where there is one, and
otherwise for the figure. The commands are numbered below each table: HOST is a directory with the configuration,
keystore and state.

| | |
|---|---|
{rows}

Measured separately: [what a fleet costs](benchmarks/fleet.md), [a herd of 100,000 hosts](benchmarks/herd.md), and [how
long building takes](benchmarks/building.md). What was found and changed on the way, and what was tried and dropped:
[findings](benchmarks/findings.md).

""" + "\n".join(section(answer) for answer in answers)
