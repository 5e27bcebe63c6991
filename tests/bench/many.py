"""How the costs grow with the number of certificates in one daemon."""

import os
import pathlib
import time
from dataclasses import dataclass, field

import chart
import processes
from hosts import Host, NotReady, Programs, run
from measuring import Answer, Chart, Comparison, Figure, Fit, Row, Target, fit

ROUNDS = {1: 5, 10: 5, 100: 5, 1000: 3, 10000: 1}
FEW = 1000  # with fewer, what the processes cost by themselves is too large a part
PASSES = 2
BUSY = 0.8  # of a core: above it, a pass may not end before the next begins
RENEWALS, SLOTS, THINK = 1000, 4, 0.05
LONGEST = 120  # seconds for all renewals
CORES = os.cpu_count() or 1


@dataclass
class Seen:
    """Of one number of keystores; a list has a value a round."""

    opener: list[float] = field(default_factory=list)  # seconds that the C program takes for all
    first: list[float] = field(default_factory=list)  # until the daemon is ready
    restarted: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)  # processor time of one pass
    descriptors: int = 0
    failure: str = ""


def timed(argv: list[str]) -> float:
    begin = time.monotonic()
    run(argv)
    return time.monotonic() - begin


def check_every(count: int) -> int:
    """Seconds between two checks: enough for all of them."""
    return max(5, count // 500)


def unchanged_pass(pid: int, interval: int) -> float:
    """Processor time of a pass in which no keystore has changed."""
    time.sleep(interval / 2)
    before = processes.processor_time(pid)
    time.sleep(interval * PASSES)
    return (processes.processor_time(pid) - before) / PASSES


def look(host: Host, keystores: list[pathlib.Path], seen: Seen, last: bool) -> None:
    interval = check_every(len(keystores))
    host.configure(keystores, schedule=f"check_every: {interval}s")
    seen.opener.append(timed([host.programs.open_keystore, str(host.directory / "password"), *map(str, keystores)]))
    with host.daemon() as daemon:
        seen.first.append(daemon.started_in)
        time.sleep(1)
        seen.memory.append(processes.proportional_memory(daemon.pid))
        seen.descriptors = processes.descriptors(daemon.pid)
        if last:
            seconds = unchanged_pass(daemon.pid, interval)
            if seconds < BUSY * interval:
                seen.unchanged.append(seconds)
    with host.daemon() as daemon:
        seen.restarted.append(daemon.started_in)


def grow(programs: Programs, work: pathlib.Path) -> dict[int, Seen]:
    keystores = programs.make_keystores(work / "many", max(ROUNDS), 300)
    result = {}
    for count, rounds in ROUNDS.items():
        seen = result[count] = Seen()
        for turn in range(rounds):
            host = Host(programs, work / f"many-{count}-{turn}")
            try:
                look(host, keystores[:count], seen, last=turn == rounds - 1)
            except (NotReady, TimeoutError) as reason:
                seen.failure = str(reason)
                break
    return result


def renewals_at_once(programs: Programs, work: pathlib.Path) -> Row:
    host = Host(programs, work / "at-once")
    keystores = programs.make_keystores(host.directory / "keystores", RENEWALS, 10)
    command = host.shown(host.command("run"))
    what = f"{RENEWALS:,} renewals at once"
    with host.cloud("--key", "ec:P-256", "--think", f"{THINK * 1000:.0f}ms"):
        host.configure(keystores)
        try:
            with host.daemon() as daemon:
                end = daemon.begun + LONGEST
                while (renewed := daemon.events("renewal_completed")) < RENEWALS and time.monotonic() < end:
                    time.sleep(0.1)
                seconds = time.monotonic() - daemon.begun
        except (NotReady, TimeoutError) as reason:
            return Row(what, None, command, failure=str(reason))
    if renewed < RENEWALS:
        return Row(what, None, command, failure=f"{renewed} of them after {LONGEST} s")
    ideal = RENEWALS / SLOTS * THINK
    return Row(what, Figure((seconds,), "s"), command,
               comparisons=(Comparison(f"the ideal, {ideal:g} s", seconds / ideal, Target(1.5)),))


def rows_of(seen: dict[int, Seen], command: str) -> list[Row]:
    rows = []
    limit = {count: Target(10e-6) if count >= FEW else None for count in seen}
    for count, one in seen.items():
        if one.failure:
            rows.append(Row(f"first pass over {count:,}", None, command, failure=one.failure))
            continue
        efficiency = [opener / CORES / first for opener, first in zip(one.opener, one.first, strict=True)]
        middle = Figure(tuple(efficiency), "").median
        rows.append(Row(f"first pass over {count:,}", Figure(tuple(one.first), "s"), command, comparisons=(
            Comparison(f"{CORES} C programs", middle, Target(0.9, at_least=True) if count >= FEW else None),)))
    works = {count: one for count, one in seen.items() if not one.failure}
    rows += [Row(f"the same after a restart, a keystore of {count:,}",
                 Figure(tuple(value / count for value in one.restarted), "s"), command, limit[count])
             for count, one in works.items()]
    for count, one in works.items():
        figure = Figure(tuple(value / count for value in one.unchanged), "s") if one.unchanged else None
        rows.append(Row(f"an unchanged pass (processor time), a keystore of {count:,}", figure, command, limit[count],
                        failure=f"still busy when the next pass begins, after {check_every(count)} s"))
    rows += [Row(f"memory with {count:,}", Figure(tuple(one.memory), "B"), command) for count, one in works.items()]
    rows += [Row(f"descriptors with {count:,}", Figure((one.descriptors,), ""), command)
             for count, one in works.items()]
    return rows


def points(seen: dict[int, Seen], of: str) -> list[tuple[float, float]]:
    return [(count, Figure(tuple(getattr(one, of)), "").median) for count, one in seen.items() if not one.failure]


def straight(line: Fit, unit: str, scale: float) -> str:
    return (f"{line.at_zero * scale:,.0f} {unit} and {line.slope * scale:.3g} {unit} a keystore "
            f"(R² {line.determination:.4f})")


def charts_of(seen: dict[int, Seen]) -> list[Chart]:
    if all(one.failure for one in seen.values()):
        return []
    times = [chart.Line("first pass of the daemon", points(seen, "first")),
             chart.Line("after a restart", points(seen, "restarted")),
             chart.Line(f"the C program on {CORES} cores",
                        [(count, seconds / CORES) for count, seconds in points(seen, "opener")])]
    memory = [chart.Line("the daemon", [(count, size / 2**20) for count, size in points(seen, "memory")])]
    return [
        Chart("many-time.svg", "Time until every keystore is checked",
              chart.draw("Time until every keystore is checked", "keystores", "seconds", times)),
        Chart("many-memory.svg", "Memory of the daemon",
              chart.draw("Memory of the daemon (PSS)", "keystores", "MiB", memory))]


def ask(programs: Programs, work: pathlib.Path) -> Answer:
    seen = grow(programs, work)
    command = "gravitee-renewd --config HOST/config.yaml run"
    rows = rows_of(seen, command)
    memory, first = points(seen, "memory"), points(seen, "first")
    notes = [f"A first pass is what the daemon does until it is ready (`READY=1`). It is compared with the C program "
             f"(`open_keystore PASSWORD KEYSTORE...`, all keystores in one process) on each of {CORES} cores: 1 would "
             "mean that nothing but opening keystores took time."]
    if len(memory) > 1:
        of_memory, of_time = fit(memory), fit(first)
        rows.append(Row("memory for each further certificate", Figure((of_memory.slope,), "B"), command, Target(8192)))
        notes.append(f"Fitted by a straight line: memory {straight(of_memory, 'KiB', 1 / 1024)}, first pass "
                     f"{straight(of_time, 'ms', 1000)}.")
    rows.append(renewals_at_once(programs, work))
    notes.append(f"The renewals are due when the daemon starts. The cloud thinks for {THINK * 1000:.0f} ms about each "
                 f"request, and the daemon has {SLOTS} slots: with nothing but that it would take "
                 f"{RENEWALS / SLOTS * THINK:g} s. There is no gateway to restart.")
    return Answer(
        "Many certificates",
        "One daemon with `ulimit -n 1024` and that many PKCS#12 keystores, each with an EC key and a certificate of its "
        f"own, none of them due; {check_every(1)} s between two checks, {check_every(max(ROUNDS))} s with "
        f"{max(ROUNDS):,}. Rounds: "
        + ", ".join(f"{rounds} with {count:,}" for count, rounds in ROUNDS.items()) + ".",
        rows, notes, charts_of(seen))
