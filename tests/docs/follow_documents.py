"""Runs what the documents tell an operator to run, on a host as they suppose it (tests/system/installed_service).

    follow_documents.py check                     whether somebody runs each block, or the reason why nobody does is known
    follow_documents.py installation DIRECTORY    the section "An installation, step by step", without any liberty
    follow_documents.py PAGE DIRECTORY            a page of docs/deployments, by its name (tests/system/deployments)
    follow_documents.py rest DIRECTORY            everything else

Run in the root of the sources, or of a copy of the documents. The blocks are run in DIRECTORY, which holds the .deb, also
as build/release/packages/; TOKEN and PASSWORD in the environment are the account's and the keystore's. Prints every block
that fails, and ends with 1 if there is any.
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

from blocks import DOCUMENTS, blocks

INSTALLATION = ("docs/installation.md", "An installation, step by step")
DEPLOYMENTS = pathlib.Path("docs/deployments")
DAEMON = "gravitee-renewd"
GRAVITEE_YML = "/opt/graviteeio/apim/gateway/config/gravitee.yml"
KEYSTORE = "/opt/graviteeio/apim/gateway/config/keystore.p12"
OUTSIDE = "/var/lib/gravitee-keystore/production.p12"
CONFIGURATION = "/etc/gravitee-renewd/config.yaml"
PASSWORD_FILE = "/etc/gravitee-renewd/keystore-password"
PERSON = f"python3 {pathlib.Path(__file__).resolve().with_name('person.py')}"
PATIENCE = 120  # seconds; ends a block that is stuck

# Languages of which nothing is run, and what holds such blocks against the truth.
NOT_RUN = {
    "yaml": "documents.py configurations",
    "json": "events_test.cpp",
    "yml": "documents.py deployments: a file of another program",
    "ini": "documents.py deployments: a file of systemd or Podman",
    "cpp": "read alone: an excerpt that shows the style",
    "logql": "read alone: Debian has no Loki",
    "icinga2": "read alone: Debian 12's Icinga would pull in a database; the command is that of NRPE",
}
# Blocks for which this host is no place: document, a part of the block, and who runs it instead.
ELSEWHERE = [
    ("README.md", "scripts/demo", "ctest runs scripts/demo with the programs of its build; CI is scripts/test"),
    ("README.md", "gravitee-cloud-simulator", "documents.py simulator"),
    ("README.md", "export ACCOUNT_TOKEN", "documents.py simulator"),
    ("CONTRIBUTING.md", "scripts/bootstrap", "scripts/test does the same with another preset; ctest runs scripts/package"),
    ("CONTRIBUTING.md", "scripts/release", "tests/package/release"),
    ("CONTRIBUTING.md", "bin/commands_test", "nobody: it changes the sources. ctest runs commands_test without it"),
    ("CONTRIBUTING.md", "keys.py", "nobody: it changes the sources. ctest runs keys.py without it"),
    ("CONTRIBUTING.md", "requests_per_day", "nothing to run: a piece of settings.hpp"),
    ("docs/installation.md", "scripts/package\n", "ctest runs scripts/package"),
    ("docs/deployments/debian.md", "sha256sum", "tests/package/release checks and signs a release in the same way"),
    ("docs/deployments/rhel.md", "sha256sum", "tests/package/release checks and signs a release in the same way"),
    ("docs/deployments/rhel.md", "podman build", "ctest runs scripts/package, as the container does; Debian 12's tests have no Podman"),
    ("docs/reliability.md", "operators_year", "nobody: it changes the sources. ctest runs operators_year without it"),
    ("docs/reliability.md", "-L matrix", "ctest runs fault_matrix_test without writing the table again"),
    ("docs/reliability.md", "-L network", "ctest runs network_faults_test without writing the table again"),
    ("docs/reliability.md", "scripts/soak", "ctest runs the short form"),
    ("docs/reliability.md", "-L security", "ctest runs them"),
    ("docs/reliability.md", "scripts/fuzz", "ctest runs the targets' seeds; libFuzzer takes longer than CI has"),
    ("docs/benchmarks/herd.md", "/herd", "herd_test.cpp runs the same scenarios"),
    ("docs/benchmarks/fleet.md", "figures: *", "nobody: it measures. ctest runs the other tests of tests/fleet"),
    ("docs/reliability.md", "no schedule of faults", "ctest runs schedules_test.cpp"),
    ("docs/architecture.md", "main.cpp", "nothing to run: a drawing"),
    ("docs/configuration.md", "did you mean", "load_test.cpp has such messages"),
    ("docs/state-format.md", "gravitee-renewd-journal", "journal_test.cpp has such journals"),
    ("docs/fleet.md", "etcd-ca.key -out etcd-ca.pem\n", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "for host in gateway-1", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "apt-get install --yes etcd-server", "scripts/bootstrap installs it; the unit would need three hosts"),
    ("docs/fleet.md", "install -d -o etcd", "tests/docs/follow_fleet.py starts etcd as root, with the same files"),
    ("docs/fleet.md", "systemctl enable --now etcd", "tests/docs/follow_fleet.py starts three members on this host"),
    ("docs/fleet.md", "etcdctl user add root", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "etcd-client.csr -CA", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "fleet key >", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "etcd-password   #", "tests/docs/follow_fleet.py writes the same files"),
    ("docs/fleet.md", "validate --online    #", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "fleet halt production", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "systemctl restart gravitee-renewd\ngravitee-renewd fleet status", "tests/fleet: there is no etcd on that host"),
    ("docs/fleet.md", "fleet publish production", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "fleet resume production\ngravitee-renewd fleet status", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "fleet reseal production", "tests/docs/follow_fleet.py"),
    ("docs/fleet.md", "MEMBER                 STATE", "fleet_text_test.cpp has such tables"),
    ("docs/status.md", "GRAVITEE CERT OK", "golden_test.cpp"),
]
# The file whose content a block is; with "+", what a block is appended to.
FILES = [
    ("README.md", "eu.cloud.gravitee.io", CONFIGURATION),
    ("docs/deployments/docker-compose.md", "Docker Compose)", "/etc/systemd/system/gravitee-gateway.service"),
    ("docs/deployments/docker-compose.md", "services:", "/srv/gravitee/compose.yaml"),
    ("docs/deployments/docker-compose.md", "account_url", CONFIGURATION),
    ("docs/deployments/podman-quadlet.md", "account_url", CONFIGURATION),
    ("docs/deployments/shared-keystore.md", "account_url", CONFIGURATION),
    ("docs/deployments/tls-proxy.md", "ca_file", "+" + CONFIGURATION),
    ("docs/status.md", "NOPASSWD", "/etc/sudoers.d/gravitee-renewd"),
]
# Liberties with the text: what, what is run instead, and why.
LIBERTIES = [
    (r"\bNAME\b", "production", "a placeholder"),
    (r"\bKEYSTORE\b", KEYSTORE, "a placeholder"),
    (r"\bFILE\b", PASSWORD_FILE, "a placeholder"),
    (r" && ", "\n", "bash -e does not see when the first of two fails"),
    (r"^gravitee-renewd init(?! --)", f"{PERSON} answers gravitee-renewd init", "it asks a person"),
    (r"^gravitee-renewd run\b", f"{PERSON} ends TERM certificate_checked gravitee-renewd run", "it is endless"),
    (r"^gravitee-renewd check  .*Nagios.*", "gravitee-renewd check || test $? = 1", "a WARNING: the daemon is not started yet"),
    (r"^gravitee-renewd status --watch", f"{PERSON} ends INT production gravitee-renewd status --watch", "it is endless"),
    (r"^install -o gravitee-renewd -m 0600 /dev/stdin.*", r'printf "%s\\n" "$TOKEN" | \g<0>', "a person pastes it"),
    (r"^runuser -u gravitee-renewd -- keytool -storepasswd.*", r'printf "%s\\n" "$PASSWORD" another-password another-password | \g<0>',
     "a person types them"),
    (r"^# the same password into.*",
     f'sed -i "s/$PASSWORD/another-password/" {GRAVITEE_YML}\necho another-password >{PASSWORD_FILE}',
     "a person edits them"),
    (r"^# the new path into gravitee.yml.*", f"sed -i 's#path: .*#path: {OUTSIDE}#' {GRAVITEE_YML}", "a person edits it"),
    (r"^# and into /etc/gravitee-renewd/config.yaml.*", f"sed -i 's#path: .*p12#path: {OUTSIDE}#' {CONFIGURATION}",
     "a person edits it"),
    (r"^scripts/package .*\n", "", "ctest runs it, and there are no sources here"),
    (r"^dnf install .*\n", "", "tests/package/life_of_a_package installs the .rpm; there is no dnf here"),
    (r"\bbuild/dev/bin/", "", "the installed program does as well"),
    (r"^strace (.*\\\n)*.*", r"\g<0> || test $? = 137", "the daemon is to be killed"),
]
# What is done before and after a block that is no part of it: document, a part of the block, both, and why.
NOT_INSTALLED = f"systemctl stop {DAEMON}; dpkg --purge {DAEMON}"
QUICKER = (f"grep -q '^      verify:' {CONFIGURATION} || "
           f"sed -i '/^    gateway:/a \\      verify: {{timeout: 1m}}' {CONFIGURATION}; systemctl reload {DAEMON}")
AROUND = [
    ("README.md", "apt install", NOT_INSTALLED, QUICKER, "there must be something to install; 5 s less for each restart"),
    ("docs/installation.md", "apt install", NOT_INSTALLED, "", "there must be something to install"),
    ("docs/installation.md", "install -d -o gravitee-renewd", "",
     f"sed -i 's#path: .*p12#path: {KEYSTORE}#' {CONFIGURATION} {GRAVITEE_YML}; rm -r /var/lib/gravitee-keystore; "
     f"{DAEMON} init --permissions; systemctl daemon-reload; systemctl restart {DAEMON}", "the rest has it where it was"),
    ("docs/installation.md", "--user gravitee", "",
     f"chown {DAEMON} /etc/{DAEMON}/account-token {PASSWORD_FILE}; {DAEMON} init --permissions --user {DAEMON}; "
     f"systemctl daemon-reload; systemctl restart {DAEMON}", "the rest has the user of the package"),
    ("docs/installation.md", "# or write", "", QUICKER, "5 s less for each restart that follows"),
    ("CONTRIBUTING.md", "strace", f"systemctl stop {DAEMON}; {DAEMON} rollback production",
     f"{DAEMON} renew; systemctl start {DAEMON}", "something must be due, and is gone on with then, as the text says"),
    ("docs/operations.md", "keytool", "",
     f'runuser -u gravitee-renewd -- tee {KEYSTORE} </root/keystore.p12.before >/dev/null; sed -i "s/another-password/$PASSWORD/" {GRAVITEE_YML}; '
     f'echo "$PASSWORD" >{PASSWORD_FILE}; systemctl restart graviteeio-apim-gateway',
     "the cloud, as the text warns, knows the old password alone"),
]
# A line of a language for another program than a shell, and what that program would run.
LINES = {
    "sudoers": (r".*", lambda line: "chmod 0440 /etc/sudoers.d/gravitee-renewd; visudo -c"),
    "nrpe": (r"command\[\w+\]=(.*)", lambda line: f"runuser -u nagios -- sh -c {shlex.quote(line[1])}"),
    "mrpe": (r"\w+ (.*)", lambda line: f"sh -c {shlex.quote(line[1])}"),
    # It would mail what is printed.
    "cron": (r"(?:\S+ ){5}(\w+) (.*)", lambda line: f'test -z "$(runuser -u {line[1]} -- sh -c {shlex.quote(line[2])})"'),
}
# What only the sources have: a block with it can be run nowhere but there.
OF_THE_SOURCES = r"\b(ctest|cmake)\b|\bscripts/|\btests/|\bbuild/(?!release/packages)"
problems = []


def of_block(table, block):
    """The rows of a table that are for a block: they begin with its document and a part of it."""
    return [row for row in table if str(block.document) == row[0] and row[1] in block.text]


def script(block):
    """What is run for a block, "" when nothing is."""
    if block.language in LINES:
        pattern, command = LINES[block.language]
        return "\n".join(command(re.fullmatch(pattern, line)) for line in block.text.splitlines())
    if block.language != "sh" or of_block(ELSEWHERE, block):
        return ""
    text = block.text
    for pattern, instead, _ in LIBERTIES:
        text = re.sub(pattern, instead, text, flags=re.M)
    return text


def check(all_blocks):
    runs_in = set()
    for block in all_blocks:
        if script(block):
            runs_in.add((block.document, block.section))
            if re.search(OF_THE_SOURCES, script(block).replace(PERSON, "")):
                problems.append(f"{block}: the host where it is run has no sources")
        elif not (block.language in NOT_RUN or of_block(ELSEWHERE, block) or
                  block.language == "text" and (block.document, block.section) in runs_in):
            what = block.language or "block without a language"
            problems.append(f"{block}: nobody runs this {what}, and no table says why")
    for row in ELSEWHERE + FILES + AROUND:
        found = [str(block) for block in all_blocks if of_block([row], block)]
        if len(found) != 1:
            problems.append(f"{row[0]} has not one block with {row[1]!r}, but {found}")
    for pattern, *_ in LIBERTIES:
        if not any(block.language == "sh" and re.search(pattern, block.text, flags=re.M) for block in all_blocks):
            problems.append(f"no block has {pattern!r} any more")


def run(text, directory):
    """Whether it ends well, and what it printed."""
    try:
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], cwd=directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        return False, f"{(error.stdout or b'').decode()}\nstuck"
    return done.returncode == 0, done.stdout


def become_idle():
    """Until the daemon has nothing under way, which a command would wait for or find half done."""
    end = time.monotonic() + PATIENCE
    while subprocess.run(["systemctl", "is-active", "--quiet", DAEMON], check=False).returncode == 0:
        done = subprocess.run([DAEMON, "status", "--json"], capture_output=True, text=True, check=False)
        if done.returncode == 0 and all(certificate["phase"] is None and certificate["action"] == "wait"
                                        for certificate in json.loads(done.stdout)["certificates"]):
            return
        if time.monotonic() > end:
            problems.append(f"the daemon does not get done: {done.stdout}{done.stderr}")
            return
        time.sleep(0.1)


def follow(all_blocks, directory):
    printed = ""
    for block in all_blocks:
        for _, _, file in of_block(FILES, block):
            with open(file.lstrip("+"), "a" if file.startswith("+") else "w", encoding="utf-8") as to:
                to.write(block.text)
        if block.language == "text" and not of_block(ELSEWHERE, block):
            for line in block.text.splitlines():
                if not re.search(f"^{re.escape(line).replace('…', '.*')}$", printed, flags=re.M):
                    problems.append(f"{block}: not printed: {line}\n{printed}")
        if not script(block):
            continue
        around = of_block(AROUND, block)
        become_idle()
        start = time.monotonic()
        for text in [row[2] for row in around] + [script(block)] + [row[3] for row in around]:
            well, printed = run(text, directory) if text else (True, printed)
            if not well:
                problems.append(f"{block}: failed:\n{text}\nprinted:\n{printed}")
        print(f"{block}: {time.monotonic() - start:.1f} s")


everything = [block for document in DOCUMENTS for block in blocks(document)]
def part_of(block):
    """Which call runs it."""
    if block.document.parent == DEPLOYMENTS:
        return block.document.stem
    return "installation" if (str(block.document), block.section) == INSTALLATION else "rest"


if sys.argv[1] == "check":
    check(everything)
else:
    follow([block for block in everything if part_of(block) == sys.argv[1]], sys.argv[2])
for text in problems:
    print(text)
sys.exit(1 if problems else 0)
