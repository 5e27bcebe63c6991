"""Measures what the daemon costs: scripts/bench calls it, in the root of the sources, with a release build.

    measure.py [--programs DIRECTORY] [QUESTION...]

Without a question it asks all of them, but for how long building takes, and writes docs/benchmarks.md; otherwise it only
prints the answers.
"""

import argparse
import datetime
import os
import pathlib
import re
import resource
import signal
import sys
import tempfile

import document
import idle
import many
import nothing_due
import one_renewal
import start
from hosts import SOURCES, Programs, run

QUESTIONS = {"nothing-due": nothing_due.ask, "idle": idle.ask, "renewal": one_renewal.ask, "many": many.ask,
             "start": start.ask}
BY_NAME_ONLY = {"building": start.build_times}
OPEN_FILES = 1024  # the usual limit
PACKAGES = ["certbot", "certmonger", "curl", "hyperfine", "lego", "libc6", "libssl3", "strace", "uacme"]


def first(pattern: str, file: str) -> str:
    found = re.search(pattern, pathlib.Path(file).read_text(), flags=re.M)
    return found[1] if found else "unknown"


def machine(programs: Programs, work: pathlib.Path) -> list[tuple[str, str]]:
    versions = run(["dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n", *PACKAGES]).splitlines()
    processor = first(r"^model name\s*: (.*)$", "/proc/cpuinfo")
    memory = int(first(r"^MemTotal: +(\d+) kB", "/proc/meminfo")) / 2**20
    changed = " with uncommitted changes" if run(["git", "status", "--porcelain"]) else ""
    return [
        ("date", f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"),
        ("sources", run(["git", "rev-parse", "--short=12", "HEAD"]).strip() + changed),
        ("program", run([programs.daemon, "--version"]).splitlines()[0]),
        ("processor", f"{processor}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.1f} GiB"),
        ("file system", run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(work)]).strip()),
        ("kernel", f"Linux {os.uname().release}, load at the beginning {os.getloadavg()[0]:.1f}"),
        ("distribution", first(r'^PRETTY_NAME="(.*)"$', "/etc/os-release")),
        ("compiler", run(["clang-19", "--version"]).splitlines()[0]),
        ("packages", ", ".join(versions))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures what the daemon costs.")
    parser.add_argument("--programs", type=pathlib.Path, default=SOURCES / "build/release/bin", help=argparse.SUPPRESS)
    known = QUESTIONS | BY_NAME_ONLY
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"one of {', '.join(known)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.questions) - set(known):
        parser.error(f"no such question: {', '.join(sorted(unknown))}; there are {', '.join(known)}")

    os.chdir(SOURCES)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything is ended and removed
    with tempfile.TemporaryDirectory(prefix="gravitee-renewd-bench.") as name:
        work = pathlib.Path(name)
        programs = Programs(arguments.programs.resolve(), work)
        programs.build_own()
        about = machine(programs, work)
        answers = []
        for question in arguments.questions or QUESTIONS:
            print(f"== {question}", file=sys.stderr, flush=True)
            answers.append(known[question](programs, work))
            print(document.section(answers[-1]), flush=True)
    if not arguments.questions:
        os.umask(0o022)
        (SOURCES / "docs/benchmarks.md").write_text(document.document(answers, about))
        for chart in (chart for answer in answers for chart in answer.charts):
            (SOURCES / "docs/benchmarks" / chart.file).write_text(chart.svg)


if __name__ == "__main__":
    main()
