#!/usr/bin/env python3
"""What the packaged program may cost. Everything is counted: no figure depends on how fast the machine is.

    packaged.py BINARY instructions SIMULATOR    of the program's own code, by callgrind, beside instructions.json
    packaged.py BINARY memcheck SIMULATOR        errors of memory in the renewal path, by valgrind
    packaged.py BINARY idle                      system calls of a daemon that has nothing to do
    packaged.py BINARY many                      memory and descriptors of 300 certificates
    packaged.py BINARY size                      of the program, and what the dynamic linker has to do

`instructions` also builds and counts policy_cost, in the build of BINARY. SIMULATOR is the cloud of its renewal.

With RENEWD_REWRITE_GOLDEN=1, `instructions` writes what it counts into instructions.json.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

RECORDED = pathlib.Path(__file__).parent / "instructions.json"
MARGIN = 0.05  # another libstdc++ or kernel costs something, too
SKIPPED = 77
CERTIFICATES = 300
TRIES = 6

MOST_KIB_A_CERTIFICATE = 38
MOST_MIB_OF_A_DAEMON = 7  # its own pages, which no other process shares
MOST_BYTES = 6_000_000
MOST_RELOCATIONS = 7_800


def wrong(message):
    print(f"budget: {message}", file=sys.stderr)
    sys.exit(1)


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


def at_most(what, found, most, unit):
    print(f"{what}: {found:,.0f} {unit}, at most {most:,.0f}")
    if found > most:
        wrong(f"{what}: {found:,.0f} {unit} instead of at most {most:,.0f}")


class Host:
    """A directory with keystores that are valid for 300 days, and a configuration that only watches them."""

    def __init__(self, directory, binary):
        self.directory = pathlib.Path(directory)
        self.binary = self.directory / "gravitee-renewd"
        # Without debugging symbols, as it is packaged, and since callgrind cannot read those of a newer compiler.
        run("strip", "--strip-debug", "-o", str(self.binary), binary)
        os.umask(0o077)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "300",
            "-subj", "/CN=budget", "-keyout", str(self.directory / "key.pem"), "-out", str(self.directory / "cert.pem"))
        (self.directory / "password").write_text("changeit\n")
        (self.directory / "token").write_text("simulator-token\n")

    def configure(self, certificates, more=""):
        file = self.directory / "config.yaml"
        file.write_text(f"state_directory: {self.directory}/state\n{more}certificates:\n" +
                        "".join(f"  - {{{certificate}}}\n" for certificate in certificates))
        return ["--config", str(file)]

    def pkcs12(self):
        file = self.directory / "keystore.p12"
        run("openssl", "pkcs12", "-export", "-inkey", str(self.directory / "key.pem"), "-in",
            str(self.directory / "cert.pem"), "-out", str(file), "-passout", "pass:changeit")
        return f"keystore: {{path: {file}, password: {{file: {self.directory}/password}}}}"

    def pem(self, number):
        """A content of its own, so that it is opened and not known."""
        file = self.directory / f"{number}.pem"
        file.write_text(f"Keystore {number}\n" + (self.directory / "key.pem").read_text() +
                        (self.directory / "cert.pem").read_text())
        return f"name: c{number}, renew: never, keystore: {{path: {file}}}"

    @contextlib.contextmanager
    def daemon(self, options):
        """Its process id, once it is ready."""
        path = self.directory / "notify"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, \
                open(self.directory / "daemon.log", "w", encoding="utf-8") as log:
            ready.bind(str(path))
            ready.settimeout(120)
            with subprocess.Popen([self.binary, *options, "run"], stderr=log,
                                  env={**os.environ, "NOTIFY_SOCKET": str(path)}) as process:
                try:
                    while b"READY=1" not in ready.recv(65536):
                        pass
                    yield process.pid
                finally:
                    process.terminate()


def own_instructions(profile, binary):
    """The cost of the program's own functions, without those of the libraries that they call."""
    names, total, inside, skip = {}, 0, False, False
    for line in profile.splitlines():
        if line.startswith(("ob=", "cob=")):
            number, _, name = line.partition("=")[2].partition(" ")
            names.setdefault(number, name)
            inside = names[number] == str(binary) if line.startswith("ob=") else inside
        elif line.startswith("calls="):
            skip = True  # the next line has the cost of the call, which is counted where it arises
        elif re.match(r"[+\-*\d]", line):
            if inside and not skip:
                total += int(line.split()[1])
            skip = False
    return total


def count(binary, arguments, directory):
    out = directory / "callgrind.out"
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", binary, *arguments],
                          capture_output=True, text=True, check=False)
    return done, own_instructions(out.read_text(encoding="utf-8"), binary)


def policy(host):
    """The decisions over 10,000 certificates."""
    build = pathlib.Path(sys.argv[1]).parents[1]
    run("cmake", "--build", str(build), "--target", "policy_cost")
    binary = host.directory / "policy_cost"
    run("strip", "--strip-debug", "-o", str(binary), str(build / "bin/policy_cost"))
    done, found = count(binary, [], host.directory)
    if done.returncode != 0:
        wrong(f"policy_cost: {done.stdout}{done.stderr}")
    return found


@contextlib.contextmanager
def due(host):
    """The options for a host with a certificate that is due, at the simulated cloud; its gateway is none."""
    cloud = host.directory / "cloud"
    keystore = host.directory / "renewed.p12"
    with subprocess.Popen([sys.argv[3], "--directory", str(cloud), "--quiet", "--key", "ec:P-256", "--initial-keystore",
                           str(keystore)], stdout=subprocess.PIPE, text=True) as simulator:
        try:
            for line in simulator.stdout:
                if "listening on " in line:
                    break
            url = line.split("listening on ")[1].split()[0]
            yield host.configure(
                [f"name: c, account_url: '{url}/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973', "
                 f"token: {{file: {host.directory}/token}}, gateway: {{none: {{}}}}, "
                 f"keystore: {{path: {keystore}, password: {{file: {host.directory}/password}}}}"],
                f"schedule: {{splay: 0s}}\nhttp: {{ca_file: {cloud}/ca.pem}}\n")
        finally:
            simulator.terminate()


def renewal(host):
    with due(host) as options:
        done, found = count(host.binary, [*options, "renew", "--force"], host.directory)
    if done.returncode != 0:
        wrong(f"renew: {done.stdout}{done.stderr}")
    return found


def memcheck(host):
    """A renewal by the daemon, its end by SIGTERM, and a renewal and a roll-back by hand."""
    valgrind = ["valgrind", "--quiet", f"--suppressions={RECORDED.with_name('valgrind.supp')}", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
                f"--log-file={host.directory}/valgrind.%p", host.binary]
    with due(host) as options:
        with subprocess.Popen([*valgrind, *options, "run"], stderr=subprocess.PIPE, text=True) as daemon:
            for line in daemon.stderr:
                if '"renewal_completed"' in line or '"renewal_failed"' in line:
                    break
            daemon.send_signal(signal.SIGTERM)
            daemon.communicate()
        results = [("run", daemon.returncode, line)]
        for command in (["renew", "--force"], ["rollback", "c"], ["check"], ["status"]):
            done = subprocess.run([*valgrind, *options, *command], capture_output=True, text=True, check=False)
            results.append((" ".join(command), done.returncode, done.stdout + done.stderr))
    said = "".join(file.read_text(errors="replace") for file in host.directory.glob("valgrind.*"))
    for command, status, output in results:
        print(f"{command}: exit status {status}")
        if status == 99 or command != "check" and status != 0 or '"renewal_failed"' in output:
            wrong(f"{command}: {output}{said}")


def instructions(host):
    options = host.configure(["name: c, account_url: https://127.0.0.1:9/management/accounts/c1, token: {file: "
                              f"{host.directory}/token}}, gateway: {{command: {{argv: [/bin/true]}}}}, {host.pkcs12()}"])
    found = {" ".join(command): count(host.binary, [*options, *command], host.directory)[1]
             for command in (["--version"], ["check"], ["status"], ["renew", "--force", "--dry-run"])}
    found["renew --force"] = renewal(host)
    found["the policy over 10,000 certificates"] = policy(host)
    compilers = re.findall(r"clang version [\d.]+", run("readelf", "-p", ".comment", str(host.binary)))
    toolchain = f"{compilers[0] if compilers else 'unknown'}, {os.uname().machine}"
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    if os.environ.get("RENEWD_REWRITE_GOLDEN"):
        recorded[toolchain] = found
        RECORDED.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    if toolchain not in recorded:
        print(f"skipped: no instructions are recorded for {toolchain}")
        sys.exit(SKIPPED)
    for command, most in recorded[toolchain].items():
        at_most(command, found[command], most * (1 + MARGIN), "instructions")


def idle(host):
    options = host.configure(["name: c, renew: never, " + host.pkcs12()])
    trace = host.directory / "traces/idle"  # not where it would see a new file
    trace.parent.mkdir()
    with host.daemon(options) as process:
        os.kill(process, signal.SIGHUP)  # what it uses to react to a signal must not wake it up either
        # A slow machine may still have to write what the daemon logged: it must become idle, whenever that is.
        for _ in range(TRIES):
            calls = calls_of(process, 10, trace)
            if not calls:
                break
            print("\n".join(calls))
    at_most("an idle daemon in 10 seconds", len(calls), 0, "system calls")


def calls_of(process, seconds, trace):
    """Without those in which its threads wait, which are seen as interrupted."""
    with subprocess.Popen(["strace", "--follow-forks", "--attach", str(process), "--output", trace],
                          stderr=subprocess.PIPE, text=True) as strace:
        time.sleep(seconds)
        strace.terminate()
    return [line for line in trace.read_text(encoding="utf-8").splitlines()
            if not re.search(r"<unfinished|<detached|resumed|restart_syscall", line)]


def settle(process):
    """Waits until it has used no processor time for a second; a minute at most."""
    used = [None]
    while len(used) < 60 and (len(used) < 3 or used[-1] != used[-2]):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        used.append(fields[11:13])
        time.sleep(1)


def private_kib(process):
    """The pages that it has written. Those of its files are shared with whoever else has them in memory at the moment."""
    text = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    return int(re.search(r"^Private_Dirty: +(\d+) kB", text, re.MULTILINE)[1])


def many(host):
    certificates = [host.pem(number) for number in range(CERTIFICATES)]
    found = []
    for several in (certificates[:1], certificates):
        with host.daemon(host.configure(several)) as process:
            settle(process)
            found.append((private_kib(process), len(os.listdir(f"/proc/{process}/fd"))))
    (one, its_descriptors), (all_of_them, descriptors) = found
    at_most("the daemon", one, MOST_MIB_OF_A_DAEMON * 1024, "KiB")
    at_most("each further certificate", (all_of_them - one) / (CERTIFICATES - 1), MOST_KIB_A_CERTIFICATE, "KiB")
    at_most(f"{CERTIFICATES} certificates", descriptors, its_descriptors, "descriptors")


def size(host):
    run("strip", str(host.binary))
    at_most("the program", host.binary.stat().st_size, MOST_BYTES, "bytes")
    relocations = run("readelf", "--relocs", "--wide", str(host.binary)).count("R_")
    at_most("the dynamic linker", relocations, MOST_RELOCATIONS, "relocations")


def main():
    questions = {"instructions": instructions, "memcheck": memcheck, "idle": idle, "many": many, "size": size}
    if len(sys.argv) < 3 or sys.argv[2] not in questions or (
            sys.argv[2] in ("instructions", "memcheck") and len(sys.argv) != 4):
        sys.exit(__doc__)
    for tool in ("valgrind", "strace", "strip", "readelf", "openssl"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            sys.exit(SKIPPED)
    # Always as deep: each directory of a path is looked at.
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        questions[sys.argv[2]](Host(directory, sys.argv[1]))


main()
