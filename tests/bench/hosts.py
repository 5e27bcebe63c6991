"""A host with its keystores and configuration, the simulated cloud, and the daemon, each in a directory of its own."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ACCOUNT = "7b6f41d3-7118-41e9-af41-d3711801e973"
PASSWORD = "changeit"
PATIENCE = 180.0  # seconds, after which whatever is waited for does not come
SOURCES = pathlib.Path(__file__).resolve().parents[2]
HERE = SOURCES / "tests/bench"


@dataclass(frozen=True)
class Programs:
    """Where those of this build are, and where those are put that are built for the measurements alone."""

    built: pathlib.Path
    own: pathlib.Path

    @property
    def daemon(self) -> str:
        return str(self.built / "gravitee-renewd")

    @property
    def simulator(self) -> str:
        return str(self.built / "gravitee-cloud-simulator")

    @property
    def open_keystore(self) -> str:
        return str(self.own / "open_keystore")

    @property
    def counting_library(self) -> str:
        return str(self.own / "libcounted_derivations.so")

    def build_own(self) -> None:
        for name in ("open_keystore", "make_keystores"):
            run(["clang-19", "-O2", "-o", str(self.own / name), str(HERE / f"{name}.c"), "-lcrypto"])
        run(["clang++-19", "-O2", "-shared", "-fPIC", "-o", self.counting_library,
             str(SOURCES / "tests/budget/counted_derivations.cpp"), "-lcrypto"])

    def make_keystores(self, directory: pathlib.Path, count: int, days_left: int) -> list[pathlib.Path]:
        """Distinct ones, each with an EC key."""
        directory.mkdir()
        share = -(-count // (os.cpu_count() or 1))
        makers = [subprocess.Popen([str(self.own / "make_keystores"), str(directory), str(first),
                                    str(min(share, count + 1 - first)), str(days_left), PASSWORD, ACCOUNT])
                  for first in range(1, count + 1, share)]
        try:
            if any([maker.wait() for maker in makers]):
                raise RuntimeError("make_keystores failed")
        finally:
            for maker in makers:
                maker.kill()  # nothing happens to one that has ended
        return [directory / f"{number}.p12" for number in range(1, count + 1)]


def run(argv: list[str], **options: object) -> str:
    """What a program prints; an error if it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def wait_until(condition: Callable[[], bool], what: str, interval: float = 0.01) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {PATIENCE:.0f} s until {what}")
        time.sleep(interval)


@contextmanager
def running(argv: list[str], log: pathlib.Path,
            environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen]:
    """A process that is ended in the end, by SIGTERM."""
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env={**os.environ, **(environment or {})})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Host:
    def __init__(self, programs: Programs, directory: pathlib.Path):
        self.programs = programs
        self.directory = directory
        directory.mkdir()
        (directory / "password").write_text(PASSWORD + "\n")
        (directory / "token").write_text("simulator-token\n")
        self.cloud_url = "https://127.0.0.1:9"  # nobody listens there
        self.keystore = directory / "keystore.p12"

    @property
    def account_url(self) -> str:
        return f"{self.cloud_url}/management/accounts/{ACCOUNT}"

    def configure(self, keystores: list[pathlib.Path], gateway: str = "none: {}", schedule: str = "splay: 0s") -> None:
        lines = ["certificates:"]
        for number, keystore in enumerate(keystores, start=1):
            lines.append(f'  - {{name: gateway-{number}, account_url: "{self.account_url}", '
                         f"token: {{file: {self.directory}/token}}, gateway: {{{gateway}}}, "
                         f"keystore: {{path: {keystore}, password: {{file: {self.directory}/password}}}}}}")
        lines += [f"state_directory: {self.directory}/state", f"schedule: {{{schedule}}}"]
        if (self.directory / "cloud").exists():
            lines.append(f"http: {{ca_file: {self.directory}/cloud/ca.pem}}")
        (self.directory / "config.yaml").write_text("\n".join([*lines, ""]))

    def command(self, *words: str) -> list[str]:
        return [self.programs.daemon, "--config", str(self.directory / "config.yaml"), *words]

    @contextmanager
    def cloud(self, *options: str) -> Iterator[None]:
        """The simulated cloud; it has written `keystore` with ten days left when it listens."""
        log = self.directory / "cloud.log"
        argv = [self.programs.simulator, "--directory", str(self.directory / "cloud"), "--quiet",
                "--initial-keystore", str(self.keystore), *options]
        with running(argv, log) as process:
            wait_until(lambda: process.poll() is not None or "listening on " in log.read_text(), "the cloud listens")
            if process.poll() is not None:
                raise RuntimeError(f"the simulated cloud: {log.read_text()}")
            self.cloud_url = log.read_text().split("listening on ")[1].split()[0]
            yield

    @contextmanager
    def daemon(self) -> Iterator["Daemon"]:
        """The daemon, once it is ready. Raises NotReady if it ends before."""
        log = self.directory / "daemon.log"
        with Notifications(self.directory / "notify") as notifications:
            begin = time.monotonic()
            with running(self.command("run"), log, {"NOTIFY_SOCKET": str(notifications.address)}) as process:
                wait_until(lambda: notifications.ready is not None or process.poll() is not None, "the daemon is ready")
                if notifications.ready is None:
                    last_line = log.read_text(errors="replace").strip().splitlines()[-1]
                    raise NotReady(last_line.replace(str(self.directory), "HOST"))
                yield Daemon(process.pid, log, begin, notifications.ready)

    def shown(self, argv: list[str]) -> str:
        """A command as a reader can repeat it: HOST is the host's directory, and CLOUD the simulated cloud."""
        text = " ".join(argv).replace(self.cloud_url, "CLOUD")
        for path, name in ((self.directory, "HOST"), (self.programs.built, ""), (self.programs.own, ""), (SOURCES, "")):
            text = text.replace(f"{path}/" if name == "" else str(path), name)
        return text


class NotReady(Exception):
    pass


class Notifications:
    """Reads what a daemon tells systemd, as quickly as systemd would: a sender waits while nobody reads."""

    def __init__(self, address: pathlib.Path):
        self.address = address
        self.ready: float | None = None  # when it was, by time.monotonic()

    def __enter__(self) -> "Notifications":
        self.address.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.address))
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        return self

    def read(self) -> None:
        while message := self.socket.recv(65536):
            if self.ready is None and b"READY=1" in message.split(b"\n"):
                self.ready = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RD)  # its reader then gets nothing, which ends it
        self.reader.join()
        self.socket.close()


@dataclass(frozen=True)
class Daemon:
    pid: int
    log: pathlib.Path
    begun: float  # by time.monotonic()
    ready: float

    @property
    def started_in(self) -> float:
        """Seconds from the start of its process until it was ready."""
        return self.ready - self.begun

    def events(self, name: str) -> int:
        return self.log.read_bytes().count(f'"event":"{name}"'.encode())
