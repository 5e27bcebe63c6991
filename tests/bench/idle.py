"""What an idle daemon costs, beside certmonger, which watches certificates, too."""

import os
import pathlib
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import processes
from hosts import Host, Programs, run, running, wait_until
from measuring import Answer, Comparison, Figure, Row, Target, ratio

ROUNDS = 5
SETTLE = 2.0  # seconds, until what a start has left to do is done
PERIOD = 20.0  # seconds that are watched
CHECK_EVERY = 12 * 3600  # the default of schedule.check_every: the only deadline of a daemon with nothing due
CERTMONGER = "/usr/lib/certmonger/certmonger-session"
# A bus that starts no service by itself: another certmonger would answer.
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def waiting(programs: Programs, directory: pathlib.Path) -> Iterator[int]:
    """A daemon with one certificate that is not due; its process id."""
    host = Host(programs, directory)
    host.configure(programs.make_keystores(directory / "keystores", 1, 300), schedule=f"check_every: {CHECK_EVERY}s")
    with host.daemon() as daemon:
        yield daemon.pid


@contextmanager
def renewed(programs: Programs, directory: pathlib.Path) -> Iterator[int]:
    """One that has renewed its certificate over HTTPS. The cloud has ended: it would share pages with the daemon."""
    host = Host(programs, directory)
    with ExitStack() as stack:
        with host.cloud("--key", "ec:P-256"):
            host.configure([host.keystore], schedule=f"splay: 0s, check_every: {CHECK_EVERY}s")
            daemon = stack.enter_context(host.daemon())
            wait_until(lambda: daemon.events("renewal_completed") == 1, "the certificate is renewed")
        yield daemon.pid


@contextmanager
def certmonger(_: Programs, directory: pathlib.Path) -> Iterator[int]:
    """One that tracks one certificate which is not due, on a private bus and with a home of its own."""
    directory.mkdir()
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "300",
         "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=gateway"])
    bus, configuration = directory / "bus", directory / "bus.conf"
    configuration.write_text(BUS.format(bus))
    home = {"HOME": str(directory), "XDG_CONFIG_HOME": str(directory / ".config"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"}

    def getcert(*words: str) -> str:
        return subprocess.run(["getcert", *words], env={**os.environ, **home}, capture_output=True, text=True,
                              check=False).stdout

    with running(["dbus-daemon", "--nofork", f"--config-file={configuration}"], directory / "bus.log"):
        wait_until(bus.exists, "there is a bus")
        with running([CERTMONGER, "-n"], directory / "certmonger.log", home) as process:
            wait_until(lambda: "SelfSign" in getcert("list-cas", "-s"), "certmonger answers", interval=0.2)
            getcert("start-tracking", "-s", "-c", "SelfSign", "-f", str(certificate), "-k", str(key))
            wait_until(lambda: "MONITORING" in getcert("list", "-s"), "certmonger tracks", interval=0.2)
            yield process.pid


SUBJECTS = {"the daemon, nothing due": waiting, "the daemon, after a renewal": renewed, "certmonger": certmonger}
COMMANDS = {"the daemon, nothing due": "gravitee-renewd --config HOST/config.yaml run",
            "the daemon, after a renewal": "gravitee-renewd --config HOST/config.yaml run",
            "certmonger": "certmonger-session -n"}


def memory(programs: Programs, work: pathlib.Path) -> dict[str, Figure]:
    """Of each while none of the others runs: shared pages would count less otherwise."""
    values: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    for turn in range(ROUNDS):
        for number, (name, start) in enumerate(SUBJECTS.items()):
            with start(programs, work / f"memory-{turn}-{number}") as pid:
                time.sleep(SETTLE)
                values[name].append(processes.proportional_memory(pid))
    return {name: Figure(tuple(figures), "B") for name, figures in values.items()}


def watched(pids: list[int]) -> list[tuple[int, int, float]]:
    """Of each: voluntary switches in one period, system calls in the next, and when its next timer ends."""
    time.sleep(SETTLE)
    before = [processes.switches(pid) for pid in pids]
    time.sleep(PERIOD)
    switches = [processes.switches(pid) - count for pid, count in zip(pids, before, strict=True)]
    with ThreadPoolExecutor() as pool:
        calls = list(pool.map(lambda pid: processes.system_calls(pid, PERIOD), pids))
    return list(zip(switches, calls, [processes.next_timer(pid) for pid in pids], strict=True))


def ask(programs: Programs, work: pathlib.Path) -> Answer:
    sizes = memory(programs, work)
    with ExitStack() as stack:
        pids = {name: stack.enter_context(start(programs, work / f"idle-{number}"))
                for number, (name, start) in enumerate(SUBJECTS.items())}
        seen = dict(zip(pids, watched(list(pids.values())), strict=True))
        counts = {name: (processes.threads(pid), processes.descriptors(pid)) for name, pid in pids.items()}

    def rows(what: str, values: dict[str, float], unit: str, target: Target | None) -> list[Row]:
        return [Row(f"{what}: {name}", Figure((values[name],), unit), COMMANDS[name],
                    target=None if name == "certmonger" else target) for name in SUBJECTS]

    reference = sizes["certmonger"]
    of_memory = [Row(f"memory: {name}", figure, COMMANDS[name], comparisons=() if figure is reference else
                     (Comparison("certmonger", ratio(figure, reference), Target(1.0)),))
                 for name, figure in sizes.items()]
    return Answer(
        "An idle daemon",
        f"Each watches one certificate. Memory is PSS (`/proc/PID/smaps_rollup`), {ROUNDS} rounds in turns, "
        f"{SETTLE:.0f} s after it was ready, while none of the others runs. Then all three run: "
        f"{PERIOD:.0f} s without strace for the context switches, {PERIOD:.0f} s with it for the system calls.",
        [*of_memory,
         *rows("threads", {name: count for name, (count, _) in counts.items()}, "", None),
         *rows("descriptors", {name: count for name, (_, count) in counts.items()}, "", None),
         *rows("voluntary context switches", {name: count for name, (count, _, _) in seen.items()}, "", Target(0)),
         *rows("system calls", {name: calls for name, (_, calls, _) in seen.items()}, "", Target(0)),
         *rows("time to its next timer", {name: ends for name, (_, _, ends) in seen.items()}, "s",
               Target(CHECK_EVERY - 300, at_least=True))],
        ["The next timer is the first that the kernel has armed for the process (`/proc/PID/fdinfo`, and the limit of "
         "a waiting epoll_wait). It shows a wake-up that is rarer than the watched time. The next deadline of this "
         "daemon is its check, twelve hours after the last one.",
         "PSS divides a page among the processes that use it, so that it is smaller on a host where more of them use "
         "the same libraries. certmonger runs on a session bus (`certmonger-session`), and the bus is not counted."])
