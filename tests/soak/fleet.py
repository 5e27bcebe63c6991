#!/usr/bin/env python3
"""The soak of soak.py for a fleet: three daemons that share one certificate, through three members of a real etcd.

    fleet.py DAEMON SIMULATOR CLOCK-LIBRARY RENEWALS [--seed N] [--write]

Besides the disturbances of soak.py, members of etcd are killed and started again. A renewal counts on each host.
"""

import argparse
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

import soak  # makes tests/bench known
from clock import DAY
from hosts import ACCOUNT, wait_until
from verdict import Sample

HOSTS = 3
MEMBERS = 3
HURRY = 2_000_000  # while nothing is due
# While something is, the hosts agree by etcd's leases and by the boot clock, neither of which is faster. A wall clock
# that is much faster than these would wake the daemons again and again for a wait that is not over.
AGREEING_RATE = 20


class Etcd:
    """Without TLS, which loopback does not need: its certificates would have to last for the years of the clock."""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        directory.mkdir()
        held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2 * MEMBERS)]  # so that no port comes twice
        urls = [f"http://127.0.0.1:{one.getsockname()[1]}" for one in held]
        for one in held:
            one.close()
        self.clients, self.peers = urls[:MEMBERS], urls[MEMBERS:]
        self.processes: list[subprocess.Popen | None] = [None] * MEMBERS
        for member in range(MEMBERS):
            self.start(member)
        wait_until(self.serves, "etcd serves")

    def start(self, member: int) -> None:
        cluster = ",".join(f"member-{number}={url}" for number, url in enumerate(self.peers))
        with (self.directory / f"{member}.log").open("ab") as log:
            self.processes[member] = subprocess.Popen(
                [*soak.WITH_THIS_PROCESS, "etcd", "--name", f"member-{member}",
                 "--data-dir", str(self.directory / str(member)),
                 "--listen-client-urls", self.clients[member], "--advertise-client-urls", self.clients[member],
                 "--listen-peer-urls", self.peers[member], "--initial-advertise-peer-urls", self.peers[member],
                 "--initial-cluster", cluster, "--logger", "zap", "--log-level", "error",
                 "--auto-compaction-mode", "revision", "--auto-compaction-retention", "1000"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def serves(self) -> bool:
        return subprocess.run(["etcdctl", "--endpoints", self.clients[0], "endpoint", "health"], capture_output=True,
                              check=False).returncode == 0

    def restart(self, member: int) -> None:
        self.stop(member)
        self.start(member)

    def stop(self, member: int) -> None:
        self.processes[member].kill()
        self.processes[member].wait()


class Fleet(soak.World):
    """Each host has one keystore: `installed(host)`, and the gateway's `in_use(host)`."""

    # A line for each check of a whole month, twice a day; soak.py hurries from one renewal to the next.
    most_log_bytes = 40_960

    def __init__(self, options, directory: pathlib.Path):
        super().__init__(options, directory)
        self.etcd = Etcd(directory / "etcd")
        self.daemons: list[subprocess.Popen | None] = [None] * HOSTS
        self.member_kills = 0
        key = subprocess.run([options.daemon, "fleet", "key"], capture_output=True, check=True).stdout
        (directory / "fleet-key").touch(0o600)
        (directory / "fleet-key").write_bytes(key)

    def begin(self) -> None:
        (made,) = self.programs.make_keystores(self.directory / "made", 1, 45)
        for host in range(HOSTS):
            self.install(host, made)
        self.start_cloud("127.0.0.1:0")
        for host in range(HOSTS):
            self.configure_host(host)
            self.start_host(host)

    def configure_host(self, host: int) -> None:
        # How long a host is missing is measured by a clock that is not faster.
        directory = self.directory
        endpoints = ", ".join(f'"{url}"' for url in self.etcd.clients)
        (directory / f"{host}.yaml").write_text(f"""
certificates:
  - name: shared
    account_url: "{self.url}/management/accounts/{ACCOUNT}"
    token: {{file: {directory}/token}}
    renew_before: {soak.RENEW_BEFORE // DAY}d
    gateway: {self.gateway_settings(host)}
    keystore: {self.keystore_settings(host)}
state_directory: {directory}/state/{host}
schedule: {{splay: 0s, requests_per_day: 1000, retry_at_least: 2s, retry_at_most: 10s}}
http: {{ca_file: {directory}/cloud/ca.pem, connect_timeout: 2s, request_timeout: 4s}}
fleet:
  etcd:
    endpoints: [{endpoints}]
    host: host-{host}
    key: {{file: {directory}/fleet-key}}
    takeover_after: 8s
    lost_after: 10s
""")

    def start_host(self, host: int) -> None:
        (self.directory / "state").mkdir(exist_ok=True)
        self.daemons[host] = self.launch(self.directory / f"{host}.yaml")

    def check_running(self) -> None:
        for host, daemon in enumerate(self.daemons):
            if daemon.poll() is not None:
                raise soak.Violation(f"the daemon of host {host} has ended with {daemon.returncode}")

    def rate(self, left: float) -> int:
        return HURRY if left > soak.RENEW_BEFORE else AGREEING_RATE

    def sample(self) -> None:
        # The largest host, of each: a bound that the worst keeps.
        seen = [self.sample_of(daemon.pid, self.directory / f"state/{host}") for host, daemon in enumerate(self.daemons)]
        most = [max(getattr(one, name) for one in seen)
                for name in ("memory_kib", "descriptors", "threads", "state_kib", "files")]
        self.samples.append(Sample(self.counts.renewals, *most))

    def reload(self) -> None:
        self.random.choice(self.daemons).send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """A daemon, or a member of etcd: the others have a quorum."""
        if self.random.random() < 0.5:
            self.member_kills += 1
            self.etcd.restart(self.random.randrange(MEMBERS))
            return
        self.counts.kills += 1
        host = self.random.randrange(HOSTS)
        self.daemons[host].kill()
        self.daemons[host].wait()
        self.start_host(host)

    def did_more(self) -> str:
        return f", {self.member_kills} members of etcd killed"

    def end(self) -> None:
        for process in (*self.daemons, self.cloud, self.opener, *self.etcd.processes):
            if process is not None:
                process.kill()
                process.wait()


def main() -> None:
    if any(shutil.which(program) is None for program in ("etcd", "etcdctl")):
        print("skipped: etcd is not installed (packages etcd-server and etcd-client)")
        sys.exit(77)
    parser = argparse.ArgumentParser()
    soak.add_options(parser)
    parser.set_defaults(certificates=HOSTS)
    options = parser.parse_args()
    _, did, found = soak.soak(Fleet, options)
    if options.write:
        soak.write("the fleet", did, found, options.seed)
    sys.exit(0 if all(well for *_, well in found) else 1)


if __name__ == "__main__":
    main()
