"""Runs what docs/fleet.md tells an operator to run: three members of etcd with TLS and authentication, and a host that joins.

    follow_fleet.py RENEWD

Run in the root of the sources. All three members run on this host, with other ports and directories than in the document;
nobody joins them to a gateway.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from blocks import blocks

DOCUMENT = pathlib.Path("docs/fleet.md")
HOSTS = ("gateway-1", "gateway-2", "gateway-3")
PATIENCE = 60  # seconds; ends what is stuck
ALL = list(blocks(DOCUMENT))
problems = []


def block(part):
    (found,) = [one.text for one in ALL if part in one.text]
    return found


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Trial:
    def __init__(self, renewd, directory):
        self.directory = directory
        self.members = []
        ports = free_ports(6)
        self.client_ports = dict(zip(HOSTS, ports[:3]))
        self.peer_ports = dict(zip(HOSTS, ports[3:]))
        self.configuration = directory / "config.yaml"
        (directory / "bin").mkdir()
        (directory / "bin/gravitee-renewd").write_text(
            f'#!/bin/sh\nexec {renewd} --config {self.configuration} "$@"\n')
        (directory / "bin/gravitee-renewd").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}"}

    def here(self, text):
        """The text with the directories and the ports of this trial."""
        for host in HOSTS:
            text = text.replace(f"https://{host}.example.com:2379", f"https://localhost:{self.client_ports[host]}")
            text = text.replace(f"https://{host}.example.com:2380", f"https://localhost:{self.peer_ports[host]}")
        text = text.replace("https://localhost:2379", f"https://localhost:{self.client_ports[HOSTS[0]]}")
        return re.sub(r"/etc/(etcd|gravitee-renewd)/", f"{self.directory}/", text)

    def run(self, text, expected=""):
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", self.here(text)], cwd=self.directory,
                              env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0 or expected not in done.stdout:
            problems.append(f"failed, or lacks {expected!r}:\n{text}\nprinted:\n{done.stdout}")
        return done.stdout

    def start(self, host):
        of_host = re.sub(r"gateway-1", host, re.sub(r"^ETCD_INITIAL_CLUSTER=.*\n", "", block("ETCD_NAME="), flags=re.M))
        of_host += re.search(r"^ETCD_INITIAL_CLUSTER=.*\n", block("ETCD_NAME="), flags=re.M)[0]
        of_host = of_host.replace("0.0.0.0:2379", f"127.0.0.1:{self.client_ports[host]}")
        of_host = of_host.replace("0.0.0.0:2380", f"127.0.0.1:{self.peer_ports[host]}")
        of_host = self.here(of_host.replace("/var/lib/etcd/fleet", f"{self.directory}/{host}.etcd"))
        environment = {**os.environ, **dict(line.split("=", 1) for line in of_host.splitlines())}
        with open(self.directory / f"{host}.log", "w", encoding="utf-8") as log:
            self.members.append(subprocess.Popen(["etcd"], env=environment, stdout=log, stderr=subprocess.STDOUT))

    def wait_for_etcd(self):
        end = time.monotonic() + PATIENCE
        call = ["etcdctl", "--endpoints", f"https://localhost:{self.client_ports[HOSTS[0]]}", "--cacert",
                f"{self.directory}/etcd-ca.pem", "endpoint", "health"]
        while subprocess.run(call, env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, check=False).returncode != 0:
            if time.monotonic() > end:
                raise SystemExit("etcd does not start:\n" + (self.directory / f"{HOSTS[0]}.log").read_text()[-3000:])
            time.sleep(0.2)

    def stop(self):
        for member in self.members:
            member.kill()
            member.wait()

    def configure(self, change=lambda text: text):
        (yaml,) = [one.text for one in ALL if one.language == "yaml"]
        self.configuration.write_text(change(self.here(f"""certificates:
  - name: production
    account_url: https://127.0.0.1:1/accounts/7b6f41d3
    token: {{file: {self.directory}/account-token}}
    keystore: {{path: {self.directory}/keystore.pem}}
state_directory: {self.directory}/state
{yaml}""")))
        self.configuration.chmod(0o600)


def set_up_etcd(trial):
    trial.run(block("etcd-ca.key -out etcd-ca.pem\n"))
    trial.run(block("for host in gateway-1"))
    for host in HOSTS:
        trial.start(host)
    trial.wait_for_etcd()
    # A person types the passwords.
    users = re.sub(r"user add (\w+)", r"user add \1:\1-password", block("etcdctl user add root"))
    trial.run(users, "Authentication Enabled")


def join(trial):
    trial.run(block("fleet key >"))
    (trial.directory / "etcd-password").write_text("renewd-password\n")
    (trial.directory / "account-token").write_text("token\n")
    trial.run("openssl req -x509 -newkey rsa:2048 -nodes -days 300 -subj /CN=gateway -keyout key.pem -out keystore.pem\n"
              "cat key.pem >>keystore.pem; chmod 600 account-token etcd-password keystore.pem; mkdir -m 0700 state")
    trial.configure()
    trial.run(block("validate --online    #"), "fleet: etcd answers")
    trial.run(block("fleet halt production"), "halted")
    trial.run(block("fleet publish production"), "published generation 1")
    trial.run(block("fleet resume production\ngravitee-renewd fleet status"), "generation 1")


def change_key(trial):
    trial.run("mv fleet-key old-key")
    trial.run(block("fleet key >"))
    trial.configure(lambda text: text + f"    second_key: {{file: {trial.directory}/old-key}}\n")
    trial.run(block("fleet reseal production"), "is now sealed with the key")
    trial.configure()
    if "another key" in trial.run("gravitee-renewd validate --online", "fleet: etcd answers"):
        problems.append("the hosts should have the new key")


def use_client_certificate(trial):
    trial.run(block("etcd-client.csr -CA"))
    trial.configure(lambda text: text + f"    cert_file: {trial.directory}/etcd-client.pem\n"
                                        f"    key_file: {trial.directory}/etcd-client.key\n")
    if "etcd-client" in trial.run("gravitee-renewd validate"):
        problems.append("validate finds fault with the client certificate of the document")
    trial.run(block("etcd-client.csr -CA").replace("/O=gravitee-renewd", "/CN=renewd"))
    trial.run("gravitee-renewd validate", "has a CN")


if not (shutil.which("etcd") and shutil.which("etcdctl")):
    print("skipped: there is no etcd on this host")
    sys.exit(77)
with tempfile.TemporaryDirectory() as name:
    of_document = Trial(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(name))
    try:
        for step in (set_up_etcd, join, change_key, use_client_certificate):
            step(of_document)
            if problems:
                break
    finally:
        of_document.stop()
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
