"""The documents and what goes with them: links, commands, configurations, and the samples for monitoring.

    documents.py links | decisions | commands RENEWD | configurations RENEWD | simulator RENEWD SIMULATOR | messages |
                 monitoring | deployments

Run in the root of the sources. Prints what is wrong, one line each, and ends with 1 if there is anything.
"""

import configparser
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import yaml

from blocks import DOCUMENTS, blocks

KEYSTORE = "/opt/graviteeio/apim/gateway/config/keystore.p12"
# What the blocks of YAML that are no whole configuration are put into. Its gateway, without one of their own, is none.
MINIMAL = f"""certificates:
  - name: production
    account_url: https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973
    token: {{value: token}}
    keystore: {{path: {KEYSTORE}}}
"""
OF_A_CERTIFICATE = {"gateway", "renew", "renew_before", "renew_windows", "activate_windows", "override_windows_before"}
METRICS = """certificate_not_before_timestamp_seconds certificate_not_after_timestamp_seconds
    certificate_in_use_not_after_timestamp_seconds certificate_readable next_renewal_timestamp_seconds
    next_attempt_timestamp_seconds last_check_timestamp_seconds last_success_timestamp_seconds renewal_attempts_total
    renewal_failures_total consecutive_failures token_not_after_timestamp_seconds activation_pending rollbacks_total request_duration_seconds_bucket
    request_duration_seconds_sum request_duration_seconds_count clock_skew_seconds config_last_reload_successful
    build_info severity finding renewal_failing gateway_up fleet_reachable fleet_hosts fleet_hosts_in_use_of_newest
    fleet_generation fleet_newest_not_after_timestamp_seconds fleet_leading fleet_halted fleet_waiting fleet_lag_seconds
    fleet_request_failures_total""".split()
problems = []


def problem(where, what):
    problems.append(f"{where}: {what}")


def commands(text):
    """The calls of gravitee-renewd in a block for a shell, as lists of words without the program."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|\||;|\|", line.split(" #")[0]):
            words = shlex.split(part)
            if words and words[0].rsplit("/", 1)[-1] == "gravitee-renewd":
                yield words[1:]


def anchors(path):
    """As GitHub makes them of headings."""
    without_code = re.sub(r"^ *```.*?^ *```$", "", path.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.*)$", without_code, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_target(where, path, anchor):
    if not path.exists():
        problem(where, f"{path} does not exist")
    elif anchor and anchor not in anchors(path):
        problem(where, f"{path} has no section #{anchor}")


def check_links():
    for document in DOCUMENTS:
        text = re.sub(r"^ *```.*?^ *```$", "", document.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                path, _, anchor = target.partition("#")
                check_target(document, pathlib.Path(os.path.normpath(document.parent / path)) if path else document, anchor)


def check_decisions():
    for number, path in enumerate(sorted(pathlib.Path("docs/decisions").glob("*.md")), start=1):
        title, _, dated = path.read_text().splitlines()[:3]
        if not path.name.startswith(f"{number:04}-") or not title.startswith(f"# {number}. "):
            problem(path, f"the name, and the title, begin with the number {number}")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d · (proposed|accepted|superseded by \[.+\]\(.+\))", dated):
            problem(path, "its third line is the date and the status: 2026-11-23 · accepted")


def check_commands(renewd):
    help_of = {}
    for document in DOCUMENTS:
        calls = [call for block in blocks(document) if block.language == "sh" for call in commands(block.text)]
        calls += [shlex.split(call)[1:] for call in re.findall(r"`(gravitee-renewd [^`]*)`", document.read_text())]
        for call in calls:
            words = [word for word in call if not word.startswith("-")]
            if "--config" in call:
                words.remove(call[call.index("--config") + 1])
            command = words[:2] if words[:1] == ["fleet"] else words[:1]
            if tuple(command) not in help_of:
                done = subprocess.run([renewd, *command, "--help"], capture_output=True, text=True, check=False)
                help_of[tuple(command)] = done.stdout if done.returncode == 0 else None
            text = help_of[tuple(command)]
            if text is None:
                problem(document, f"there is no command {command}: gravitee-renewd {shlex.join(call)}")
                continue
            for option in (word for word in call if word.startswith("-")):
                if option not in ("--config", "--help") and not re.search(rf"(^|[\s,]){re.escape(option)}\b", text):
                    problem(document, f"{' '.join(command) or 'gravitee-renewd'} has no option {option}")


def check_configurations(renewd):
    with tempfile.TemporaryDirectory() as directory:
        for document in DOCUMENTS:
            for block in (block for block in blocks(document) if block.language == "yaml"):
                whole = block.text
                if "certificates" not in yaml.safe_load(whole):
                    of_a_certificate = set(yaml.safe_load(whole)) <= OF_A_CERTIFICATE
                    whole = MINIMAL + (re.sub(r"^", "    ", whole, flags=re.M) if of_a_certificate else whole)
                file = pathlib.Path(directory) / "config.yaml"
                file.write_text(whole)
                file.chmod(0o600)
                done = subprocess.run([renewd, "--config", file, "validate"], capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    problem(block, done.stdout + done.stderr)


def try_simulator(renewd, simulator):
    """README's "Try it" with the programs of this build, and a directory and a port of its own."""
    readme = pathlib.Path("README.md")
    start, configuration, renew = (next(block for block in blocks(readme) if part in block.text)
                                   for part in ("gravitee-cloud-simulator", "ca_file: /tmp/trial/cloud", "export "))
    options = re.search(r"^build/dev/bin/gravitee-renewd (--config .*)renew$", renew.text, flags=re.M)[1]
    with tempfile.TemporaryDirectory() as name:
        own = {r"/tmp/trial\b": name, r"127\.0\.0\.1:8444": "127.0.0.1:0", "build/dev/bin/gravitee-cloud-simulator": simulator}

        def with_own(text):
            for theirs, ours in own.items():
                text = re.sub(theirs, ours, text)
            return text

        call = shlex.split(with_own(start.text).replace("\\\n", ""))
        with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as cloud:
            try:
                url = next(line for line in cloud.stdout if line.startswith("listening on ")).split()[2]
                own[r"https://127\.0\.0\.1:0"] = url
                (pathlib.Path(name) / "config.yaml").write_text(with_own(configuration.text))
                environment = {**os.environ, **dict(re.findall(r"(\w+)=(\S+)", renew.text.splitlines()[0]))}
                call = [renewd, *shlex.split(with_own(options))]
                person = [sys.executable, pathlib.Path(__file__).with_name("person.py")]
                for words, sight in (([*call, "renew"], "renewed, valid until"),
                                     ([*person, "ends", "TERM", "certificate_checked", *call, "run"], "certificate_checked")):
                    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
                    if done.returncode != 0 or sight not in done.stdout:
                        problem(start, f"{words[-1]}: {done.returncode}: {done.stdout}{done.stderr}")
            finally:
                cloud.terminate()


def texts_of(path):
    """The string literals of a C++ file, those beside each other joined; any other file as it is."""
    text = path.read_text()
    if path.suffix not in (".cpp", ".hpp"):
        return [re.sub(r"\s+", " ", re.sub(r"^#.*$", "", text, flags=re.M))]
    text = re.sub(r"^\s*(//|#).*$", "", text, flags=re.M)
    literal = r'"(?:[^"\\\n]|\\.)*"'
    return [re.sub(r'"\s+"', "", found).replace('\\"', '"') for found in re.findall(rf"{literal}(?:\s+{literal})*", text)]


def check_messages():
    """Whoever reads a message has the installed files, not the sources."""
    installed = "/usr/share/doc/gravitee-renewd/"
    sections = {}
    for document in DOCUMENTS:
        sections[str(document)] = {re.sub(r"[`*]", "", heading) for heading in
                                   re.findall(r"^#+ +(.*)$", document.read_text(), flags=re.M)}
    for path in [*pathlib.Path("daemon").rglob("*.[ch]pp"), pathlib.Path("systemd/gravitee-renewd.catalog")]:
        for text in texts_of(path):
            for found in re.finditer(r"(\S*?)(docs/[\w-]+(?:\.[\w-]+)*)(?:, \"([^\"]+)\")?", text):
                before, name, section = found.groups()
                if not before.removeprefix("file://").endswith(installed):
                    problem(path, f"{name} is a path of the sources: {installed}{name} is where packages install it")
                elif not pathlib.Path(name).exists():
                    problem(path, f"there is no {name}")
                elif section and section not in sections[name]:
                    problem(path, f"{name} has no section {section}")


def check_monitoring():
    known = {"gravitee_renewd_" + name for name in METRICS}
    rules = pathlib.Path("config/prometheus/gravitee-renewd.rules.yaml")
    dashboard = pathlib.Path("config/grafana/gravitee-renewd.json")
    for file in (rules, dashboard, pathlib.Path("tests/prometheus/rules_test.yaml")):
        for name in sorted(set(re.findall(r"gravitee_renewd_[a-z_]+", file.read_text())) - known):
            problem(file, f"there is no metric {name}")
    panels = json.loads(dashboard.read_text())["panels"]
    for panel in panels:
        if panel["datasource"]["uid"] != "${datasource}" or not all(target["expr"] for target in panel["targets"]):
            problem(dashboard, f"panel {panel['title']} has a data source of its own, or no expression")
    expressions = [target["expr"].replace("$instance", ".*").replace("$certificate", ".*")
                   for panel in panels for target in panel["targets"]]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({"groups": [{"name": "dashboard", "rules": [
            {"record": f"expression_{i}", "expr": expression} for i, expression in enumerate(expressions)]}]}, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            problem(dashboard, done.stdout + done.stderr)
    events = set(re.findall(r"^\| `([a-z_]+)` \| (?:info|warning|error) \|", pathlib.Path("docs/events.md").read_text(), re.M))
    log_rules = pathlib.Path("config/logs/loki-rules.yaml")
    for name in re.findall(r'event=~?"([^"]*)"', log_rules.read_text()):
        for event in set(name.split("|")) - events:
            problem(log_rules, f"there is no event {event}")
    tested = pathlib.Path("tests/prometheus/rules_test.yaml").read_text()
    for file in (rules, log_rules):
        for rule in (rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]):
            notes = rule["annotations"]
            path, _, anchor = notes["runbook_url"].removeprefix("/usr/share/doc/gravitee-renewd/").partition("#")
            check_target(f"{file}: {rule['alert']}", pathlib.Path(path), anchor or "missing")
            if not (notes["summary"] and notes["description"] and rule["labels"]["severity"]):
                problem(file, f"{rule['alert']} lacks an annotation")
            if file == rules and f"alertname: {rule['alert']}\n" not in tested:
                problem(file, f"no test lets {rule['alert']} fire")
    for sample in ("promtail", "vector"):
        yaml.safe_load(pathlib.Path(f"config/logs/{sample}.yaml").read_text())


def check_deployments():
    """The files of Compose, systemd and Podman: whether they can be read, and mount directories only."""
    mounts = []
    for page in sorted(pathlib.Path("docs/deployments").glob("*.md")):
        for block in blocks(page):
            if block.language == "yml":
                services = yaml.safe_load(block.text)["services"].values()
                mounts += [(block, mount) for service in services for mount in service["volumes"]]
            elif block.language == "ini":
                text = configparser.RawConfigParser(strict=False, interpolation=None)
                text.read_string(block.text)
                if set(text.sections()) - {"Unit", "Container", "Service", "Install"}:
                    problem(block, f"sections: {text.sections()}")
                mounts += [(block, mount) for mount in re.findall("^Volume=(.*)$", block.text, flags=re.M)]
    for block, mount in mounts:
        host, _, options = mount.split(":")
        if pathlib.Path(host).suffix or "ro" not in options.split(","):
            problem(block, f"{mount} mounts a file, which a renewal replaces, or lets the container write")
    if len(mounts) != 2:
        problem("docs/deployments", f"2 mounts were expected: {mounts}")


{"links": check_links, "decisions": check_decisions, "commands": check_commands, "configurations": check_configurations,
 "simulator": try_simulator, "messages": check_messages, "monitoring": check_monitoring,
 "deployments": check_deployments}[sys.argv[1]](*sys.argv[2:])
for text in problems:
    print(text)
sys.exit(1 if problems else 0)
