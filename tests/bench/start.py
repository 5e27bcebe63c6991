"""How long a start takes, and how large the program is."""

import pathlib
import subprocess
import time

from hosts import Host, Programs, run
from measuring import Answer, Figure, Row

ROUNDS = 11


def until_ready(programs: Programs, work: pathlib.Path) -> list[Row]:
    keystores = programs.make_keystores(work / "start", 100, 300)
    times: dict[int, list[float]] = {1: [], 100: []}
    hosts = {count: Host(programs, work / f"start-{count}") for count in times}
    for turn in range(ROUNDS + 1):
        for count, host in hosts.items():
            host.configure(keystores[:count])
            with host.daemon() as daemon:
                if turn > 0:
                    times[count].append(daemon.started_in)
    return [Row(f"start until ready, {count} certificate{'s' if count > 1 else ''}", Figure(tuple(values), "s"),
                hosts[count].shown(hosts[count].command("run"))) for count, values in times.items()]


def sizes(programs: Programs, work: pathlib.Path) -> list[Row]:
    stripped = work / "stripped"
    run(["strip", "-o", str(stripped), programs.daemon])
    relocations = run(["readelf", "--relocs", "--wide", str(stripped)])
    dynamic = run(["readelf", "--dynamic", "--wide", str(stripped)])
    rows = [
        Row("the program, stripped", Figure((stripped.stat().st_size,), "B"), "strip gravitee-renewd"),
        Row("relocations", Figure((sum(" R_" in line for line in relocations.splitlines()),), ""),
            "readelf --relocs gravitee-renewd"),
        Row("libraries that it names", Figure((dynamic.count("(NEEDED)"),), ""), "readelf --dynamic gravitee-renewd")]
    packages = programs.built.parent / "packages"
    rows += [Row(f"the {file.suffix} package", Figure((file.stat().st_size,), "B"), "scripts/package")
             for suffix in ("deb", "rpm") for file in packages.glob(f"*.{suffix}")]
    return rows


def ask(programs: Programs, work: pathlib.Path) -> Answer:
    return Answer(
        "Start and size",
        f"From the start of the process until its `READY=1` for systemd, {ROUNDS} rounds in turns after one "
        "that does not count; the state directory exists.",
        [*until_ready(programs, work), *sizes(programs, work)])


def build_times(_programs: Programs, work: pathlib.Path) -> Answer:
    """Of a copy of the committed sources, without a compiler cache."""
    copy = work / "sources"
    copy.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(copy)], input=archive, check=True)
    rows = [build_row("release", "clean", copy), build_row("dev", "clean", copy)]
    header = "daemon/renewal/schedule.hpp"
    (copy / header).touch()
    rows.append(build_row("dev", f"after a change of {header}", copy))
    return Answer("Building", "The daemon alone, without tests; one run each.", rows)


def build_row(preset: str, what: str, copy: pathlib.Path) -> Row:
    run(["cmake", "--preset", preset], cwd=copy)
    build = ["cmake", "--build", "--preset", preset, "--target", "gravitee-renewd"]
    begin = time.monotonic()
    run(build, cwd=copy)
    return Row(f"{preset}, {what}", Figure((time.monotonic() - begin,), "s"), " ".join(build))
