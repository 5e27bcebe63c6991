#!/usr/bin/env python3
"""Years of renewals by one daemon, in a world that goes wrong, on a clock that is faster.

    soak.py DAEMON SIMULATOR CLOCK-LIBRARY RENEWALS [--certificates N] [--seed N] [--write]

All certificates, some as PKCS#12 and most as PEM, are renewed again and again, while the cloud fails, the
daemon is killed and reloaded, and the clock is set. After three fifths of the renewals the daemon is killed no more:
from then on its memory must not grow. Checked all the time: every keystore opens, and no gateway uses a certificate
that has expired. The clock waits for a machine that is too slow for it, and the run fails when nothing is renewed any
more.

With --write, docs/reliability.md and docs/soak/ get the result.
"""

import argparse
import calendar
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections import deque

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench"))
from chart import Line, draw  # noqa: E402
from clock import DAY, Clock  # noqa: E402
from hosts import ACCOUNT, PASSWORD, SOURCES, Programs, run  # noqa: E402
from verdict import KILLED_UNTIL, MOST_LOG_BYTES, Counts, Sample, verdict  # noqa: E402

LIFETIME = 60 * DAY
RENEW_BEFORE = 30 * DAY
TURNS = 10  # into so many the first renewals are divided, one a few days after the other
RATE = 500_000  # a day in 0.17 seconds
STRIDE = DAY  # of the clock, at most, from one look at the world to the next
# When a gateway's certificate has less left than this, the clock waits for the machine: the less is left, the slower it
# runs. Retries take hours of the clock, so it does not stand still, and a certificate that is not renewed does expire.
TOO_CLOSE = 10 * DAY
SLOWEST_RATE = 2_000  # a day in 43 seconds
# No outage begins with less left than this: one that lasts until the expiry leaves nothing to a daemon.
LAST_OUTAGE = 3 * DAY
PATIENCE = 120.0  # seconds
# Faults that end at once: one that stalls would take the seconds of a request's time limit, which is not faster.
FAULTS = ["refuse", "reset-on-accept", "close-on-accept", "reset-after-hello", "plain-http", "unknown-ca",
          "reset-after-request", "close-after-request", "reset-in-header", "bad-http", "cut:100", "truncated-body",
          "chunked-garbage", "error-in-200", "captive-portal", "empty-200", "no-content", "redirect", "gzip"]
GOOD_SHAPES = ["pkcs12", "json-object", "pem", "pem-base64"]
PKCS12_EACH = 8  # the others are PEM: the derivation of keys would take most of the time, and has nothing to show here
BAD_SHAPES = ["garbage", "truncated-pkcs12", "wrong-password", "key-mismatch", "expired", "not-later", "html"]


class Violation(Exception):
    """What the daemon promises does not hold."""


# Whatever ends this process ends them too, also a test's time limit.
WITH_THIS_PROCESS = ["setpriv", "--pdeathsig", "KILL"]


class World:
    most_log_bytes = MOST_LOG_BYTES

    def __init__(self, options: argparse.Namespace, directory: pathlib.Path):
        self.options, self.directory = options, directory
        self.random = random.Random(options.seed)
        self.clock = Clock(directory / "clock", STRIDE)
        self.counts = Counts()
        self.samples: list[Sample] = []
        self.lock = threading.Lock()
        self.last_lines: deque[str] = deque(maxlen=200)  # of the log, for whoever has to find out why
        numbers = range(options.certificates)
        self.used = [str(self.in_use(number)) for number in numbers]
        self.watched = [*self.used, *(str(self.installed(number)) for number in numbers)]
        self.seen: dict[str, int] = {}
        self.ends: dict[str, float] = {}
        self.environment = {**os.environ, "LD_PRELOAD": options.clock_library, "FAST_CLOCK": str(directory / "clock"),
                            "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        self.programs = Programs(pathlib.Path(options.daemon).parent, directory)
        self.programs.build_own()
        self.restart_gateway = str(directory / "restart_gateway")
        run(["clang-19", "-O2", "-static", "-o", self.restart_gateway, str(HERE / "restart_gateway.c")])
        for name in ("installed", "in-use"):
            (directory / name).mkdir()
        (directory / "password").write_text(PASSWORD + "\n")
        (directory / "token").touch(0o600)  # the daemon warns, at each check, about one that others can read
        (directory / "token").write_text("simulator-token\n")
        self.opener = subprocess.Popen(
            [*WITH_THIS_PROCESS, self.programs.open_keystore, str(directory / "password"), "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.daemon: subprocess.Popen | None = None
        self.cloud: subprocess.Popen | None = None
        self.url = ""

    def installed(self, number: int) -> pathlib.Path:
        return self.directory / f"installed/{number}.{self.kind(number)}"

    def in_use(self, number: int) -> pathlib.Path:
        return self.directory / f"in-use/{number}.{self.kind(number)}"

    def kind(self, number: int) -> str:
        return "p12" if number % PKCS12_EACH == 0 else "pem"

    def begin(self) -> None:
        # Their renewals must not all be due in the same days.
        for turn in range(TURNS):
            numbers = range(turn, self.options.certificates, TURNS)
            days_left = (RENEW_BEFORE + turn * (LIFETIME - RENEW_BEFORE) // TURNS) // DAY + 3
            made = self.programs.make_keystores(self.directory / f"made-{turn}", len(numbers), days_left)
            for number, keystore in zip(numbers, made, strict=True):
                self.install(number, keystore)
        self.start_cloud("127.0.0.1:0")
        self.configure()
        self.start_daemon()

    def install(self, number: int, made: pathlib.Path) -> None:
        for at in (self.installed(number), self.in_use(number)):
            at.touch(0o600)  # the daemon warns about a private key that others can read
            if at.suffix == made.suffix:
                at.write_bytes(made.read_bytes())
            else:
                run(["openssl", "pkcs12", "-in", str(made), "-nodes", "-passin", f"pass:{PASSWORD}", "-out", str(at)])

    def keystore_settings(self, number: int) -> str:
        return f"{{path: {self.installed(number)}, password: {{file: {self.directory}/password}}}}"

    def gateway_settings(self, number: int) -> str:
        return f"{{command: {{argv: [{self.restart_gateway}, {self.installed(number)}, {self.in_use(number)}]}}}}"

    def configure(self) -> None:
        lines = ["certificates:"]
        for number in range(self.options.certificates):
            lines.append(f'  - {{name: c{number}, account_url: "{self.url}/management/accounts/{ACCOUNT}", '
                         f"token: {{file: {self.directory}/token}}, renew_before: {RENEW_BEFORE // DAY}d, "
                         f"gateway: {self.gateway_settings(number)}, "
                         f"keystore: {self.keystore_settings(number)}}}")
        lines += [f"state_directory: {self.directory}/state",
                  "schedule: {splay: 5d, requests_per_day: 1000, check_every: 7d}",
                  f"http: {{ca_file: {self.directory}/cloud/ca.pem, connect_timeout: 5s, request_timeout: 10s}}"]
        (self.directory / "config.yaml").write_text("\n".join([*lines, ""]))

    def start_cloud(self, listen: str, *more: str) -> None:
        if "--shape" not in more:
            more = (*more, "--shape", self.random.choice(GOOD_SHAPES))
        log = self.directory / "cloud.log"
        with log.open("wb") as output:
            self.cloud = subprocess.Popen(
                [*WITH_THIS_PROCESS, self.options.simulator, "--directory", str(self.directory / "cloud"), "--quiet",
                 "--key", "ec:P-256", "--listen", listen, "--lifetime", f"{LIFETIME // DAY}d", *more],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment)
        end = time.monotonic() + PATIENCE
        while "listening on " not in log.read_text():
            if self.cloud.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the simulated cloud: {log.read_text()}")
            time.sleep(0.01)
        self.url = log.read_text().split("listening on ")[1].split()[0]

    def stop_cloud(self) -> None:
        self.cloud.kill()
        self.cloud.wait()
        for file in (self.directory / "cloud/issued").glob("*"):
            file.unlink()
        (self.directory / "cloud/requests.jsonl").unlink(missing_ok=True)

    def start_daemon(self) -> None:
        self.daemon = self.launch(self.directory / "config.yaml")

    def launch(self, configuration: pathlib.Path) -> subprocess.Popen:
        process = subprocess.Popen([*WITH_THIS_PROCESS, self.options.daemon, "--config", str(configuration), "run"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=self.environment)
        threading.Thread(target=self.read_log, args=[process], daemon=True).start()
        return process

    def check_running(self) -> None:
        if self.daemon.poll() is not None:
            raise Violation(f"the daemon has ended with {self.daemon.returncode}")

    def read_log(self, process: subprocess.Popen) -> None:
        for line in process.stderr:
            name = (re.search(rb'"event":"(\w+)"', line) or [b"", line[:60]])[1].decode(errors="replace")
            with self.lock:
                self.counts.log_bytes += len(line)
                self.last_lines.append(line.decode(errors="replace"))
                self.counts.events[name] = self.counts.events.get(name, 0) + 1
                self.counts.renewals += name == "renewal_completed"
                self.counts.failures += name == "renewal_failed"

    def look(self) -> None:
        """Opens what has changed, and finds out how long the one that ends first is valid."""
        for keystore in self.watched:
            version = os.stat(keystore).st_mtime_ns
            if self.seen.get(keystore) == version:
                continue
            self.seen[keystore] = version
            self.opener.stdin.write(f"{keystore}\n")
            self.opener.stdin.flush()
            end = self.opener.stdout.readline()
            if not end:
                raise Violation(f"a keystore does not open: {self.opener.stderr.read()}")
            self.ends[keystore] = calendar.timegm(time.strptime(end.strip(), "%b %d %H:%M:%S %Y GMT"))
            self.counts.keystores_opened += 1

    def least_left(self) -> float:
        now = self.clock.now()  # before looking: what is replaced meanwhile may have been valid until then
        self.look()
        left = min(self.ends[keystore] for keystore in self.used) - now
        self.counts.least_left = min(self.counts.least_left, left)
        if left < 0:
            raise Violation(f"a gateway uses a certificate that expired {-left / DAY:.1f} days ago")
        return left

    def sample(self) -> None:
        self.samples.append(self.sample_of(self.daemon.pid, self.directory / "state"))

    def sample_of(self, pid: int, state: pathlib.Path) -> Sample:
        process = pathlib.Path(f"/proc/{pid}")
        rollup = (process / "smaps_rollup").read_text()
        sizes = []
        for file in state.rglob("*"):
            try:
                sizes.append(file.stat().st_blocks if file.is_file() else 0)
            except FileNotFoundError:
                pass  # the daemon has removed it meanwhile
        return Sample(self.counts.renewals, int(re.search(r"Private_Dirty: +(\d+)", rollup)[1]),
                      len(os.listdir(process / "fd")),
                      int(re.search(r"Threads:\s+(\d+)", (process / "status").read_text())[1]), sum(sizes) // 2, len(sizes))

    def disturb(self, kills: bool) -> None:
        left = self.least_left()
        what = self.random.choice(["fault", "fault", "shape", "reload", "clock", *(["kill"] if kills else [])])
        if what in ("fault", "shape"):
            if left > LAST_OUTAGE:
                self.fail(["--fault", self.random.choice(FAULTS)] if what == "fault" else
                          ["--shape", self.random.choice(BAD_SHAPES)])
        elif what == "reload":
            self.counts.reloads += 1
            self.reload()
        elif what == "clock":
            self.counts.clock_sets += 1
            by = self.random.uniform(60, 3 * DAY)
            # Forward, only as long as that by itself expires nothing.
            self.clock.set_by(by if left > TOO_CLOSE + by and self.random.random() < 0.5 else -by)
        else:
            self.kill()

    def fail(self, how: list[str]) -> None:
        self.counts.faults += 1
        self.stop_cloud()
        listen = self.url.removeprefix("https://")
        self.start_cloud(listen, *how)
        self.wait(self.random.uniform(0.05, 0.5))
        self.stop_cloud()
        self.start_cloud(listen)

    def reload(self) -> None:
        self.daemon.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        self.counts.kills += 1
        self.daemon.kill()
        self.daemon.wait()
        self.start_daemon()

    def rate(self, left: float) -> int:
        return max(SLOWEST_RATE, int(RATE * min(1, left / TOO_CLOSE) ** 2))

    def wait(self, seconds: float) -> None:
        """Lets the world go on, and looks at it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_running()
            self.clock.look(self.rate(self.least_left()))
            time.sleep(0.05)

    def live(self) -> None:
        self.begin()
        kept_up = time.monotonic()
        until, last, sampled = self.options.renewals, 0, 0.0
        disturbed = told = time.monotonic()
        while self.counts.renewals < until:
            self.wait(0.2)
            if self.counts.renewals > last:
                last, kept_up = self.counts.renewals, time.monotonic()
            elif time.monotonic() > kept_up + PATIENCE:
                raise Violation(f"nothing was renewed for {PATIENCE:.0f} s")
            if time.monotonic() > disturbed + self.options.pause:
                self.disturb(last < until * KILLED_UNTIL)
                disturbed = time.monotonic()
            if time.monotonic() > sampled + 1:
                sampled = time.monotonic()
                self.sample()
            if time.monotonic() > told + 20:
                told = time.monotonic()
                print(f"{last:,} renewals, {self.counts.failures:,} failed attempts, least time left "
                      f"{self.counts.least_left / DAY:.1f} days", flush=True)
        self.sample()

    def did_more(self) -> str:
        return ""

    def end(self) -> None:
        for process in (self.daemon, self.cloud, self.opener):
            if process is not None:
                process.kill()
                process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--certificates", type=int, default=200)
    options = parser.parse_args()
    world, did, found = soak(World, options)
    if options.write:
        write("scripts/soak", did, found, options.seed)
        draw_charts(world)
    sys.exit(0 if all(well for *_, well in found) else 1)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("daemon")
    parser.add_argument("simulator")
    parser.add_argument("clock_library")
    parser.add_argument("renewals", type=int)
    parser.add_argument("--pause", type=float, default=6.0, help="seconds between two disturbances")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))


def soak(kind: type[World], options: argparse.Namespace) -> tuple[World, str, list[tuple[str, str, bool]]]:
    """The world afterwards, what was done, and what was found; ends the process if a promise was broken."""
    for name in ("daemon", "simulator", "clock_library"):
        setattr(options, name, str(pathlib.Path(getattr(options, name)).resolve()))
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="renewd-soak-", dir="/dev/shm") as directory:
        world = kind(options, pathlib.Path(directory))
        begin, began = world.clock.now(), time.monotonic()
        try:
            world.live()
        except Violation as violation:
            print(f"soak: {violation}\n{json.dumps(world.counts.events, indent=1)}\n" + "".join(world.last_lines),
                  file=sys.stderr)
            sys.exit(1)
        finally:
            world.end()
        counts = world.counts
        years = (world.clock.now() - begin) / (365.25 * DAY)
        did = (f"{counts.renewals:,} renewals of {options.certificates} certificates in {years:.1f} years of its clock "
               f"({(time.monotonic() - began) / 60:.0f} minutes): {counts.faults} times a cloud that failed, "
               f"{counts.failures:,} failed attempts, {counts.kills} kills, {counts.reloads} reloads, the clock set "
               f"{counts.clock_sets} times{world.did_more()}")
    found = verdict(world.samples, counts, options.renewals, options.certificates, world.most_log_bytes)
    print(did)
    for what, figure, well in found:
        print(f"{'ok ' if well else 'BAD'} {what}: {figure}")
    return world, did, found


def write(part: str, did: str, found: list[tuple[str, str, bool]], seed: int) -> None:
    document = SOURCES / "docs/reliability.md"
    text = document.read_text(encoding="utf-8")
    begin, end = f"<!-- the result of {part} -->\n", "<!-- the end of the result -->\n"
    before, rest = text.split(begin)
    table = "".join(f"| {what} | {figure} |\n" for what, figure, _ in found)
    summary = textwrap.fill(f"{did[0].upper()}{did[1:]}. Seed {seed}, {time.strftime('%Y-%m-%d')}.", 128)
    document.write_text(f"{before}{begin}{summary}\n\n| | |\n|---|--:|\n{table}{end}{rest.split(end, 1)[1]}",
                        encoding="utf-8")


def draw_charts(world: World) -> None:
    (SOURCES / "docs/soak").mkdir(exist_ok=True)
    for name, title, beside, values in [
            ("memory", "Memory that the daemon has written", "MiB", [s.memory_kib / 1024 for s in world.samples]),
            ("state", "State directory", "MiB", [s.state_kib / 1024 for s in world.samples])]:
        points = [(sample.renewals, value) for sample, value in zip(world.samples, values, strict=True) if sample.renewals]
        points = points[::max(1, len(points) // 60)]
        (SOURCES / f"docs/soak/{name}.svg").write_text(
            draw(title, "renewals", beside, [Line("the daemon", points)]), encoding="utf-8")


if __name__ == "__main__":
    main()
