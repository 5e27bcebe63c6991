"""Figures: how they are taken in turns, and what is computed from them."""

import json
import math
import pathlib
import shlex
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """What was measured of one thing, several times. Units: "s", "B" (bytes), or "" for a number."""

    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles: half of the values lie between them."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True)
class Target:
    """A limit that a figure, or a ratio, should keep."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Comparison:
    to: str
    ratio: float
    target: Target | None = None


@dataclass(frozen=True)
class Row:
    """A figure with its limit and its comparisons; without a figure, why there is none."""

    what: str
    figure: Figure | None
    command: str
    target: Target | None = None
    comparisons: tuple[Comparison, ...] = ()
    failure: str = ""


@dataclass(frozen=True)
class Chart:
    file: str
    title: str
    svg: str


@dataclass(frozen=True)
class Answer:
    """What one question has brought."""

    title: str
    method: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)


@dataclass(frozen=True)
class Timing:
    wall: Figure
    processor: Figure  # user and system time, with that of child processes


@dataclass(frozen=True)
class Fit:
    """A straight line through points, by least squares."""

    slope: float
    at_zero: float
    determination: float  # R²: 1 if every point lies on the line

    def at(self, x: float) -> float:
        return self.at_zero + self.slope * x


def ratio(of: Figure, to: Figure) -> float:
    """The median of the ratios of those that were measured one after the other."""
    return statistics.median(mine / other for mine, other in zip(of.values, to.values, strict=True))


def fit(points: list[tuple[float, float]]) -> Fit:
    xs, ys = zip(*points, strict=True)
    line = statistics.linear_regression(xs, ys)
    correlation = statistics.correlation(xs, ys) if len(set(ys)) > 1 else 1.0
    return Fit(line.slope, line.intercept, math.pow(correlation, 2))


@dataclass(frozen=True)
class Competitor:
    name: str
    argv: list[str]
    status: int = 0
    prepare: str = "true"  # what is run before each run, and not measured


def in_turns(competitors: list[Competitor], rounds: int) -> dict[str, Timing]:
    """A B C A B C …, each run by hyperfine; the first round warms up and does not count."""
    wall: dict[str, list[float]] = {one.name: [] for one in competitors}
    processor: dict[str, list[float]] = {one.name: [] for one in competitors}
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "times.json"
        call = ["hyperfine", "--shell=none", "--runs=1", "--style=none", "--ignore-failure", f"--export-json={file}"]
        for one in competitors:
            call += ["--prepare", one.prepare, shlex.join(one.argv)]
        for turn in range(rounds + 1):
            subprocess.run(call, check=True, capture_output=True)
            for one, result in zip(competitors, json.loads(file.read_text())["results"], strict=True):
                if result["exit_codes"] != [one.status]:
                    raise RuntimeError(f"{shlex.join(one.argv)}: ended with {result['exit_codes']}")
                if turn > 0:
                    wall[one.name] += result["times"]
                    processor[one.name].append(result["user"] + result["system"])
    return {one.name: Timing(Figure(tuple(wall[one.name]), "s"), Figure(tuple(processor[one.name]), "s"))
            for one in competitors}
