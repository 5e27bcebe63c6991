"""What an operator sees of each mishap of tests/system/operators_year, and what he should see.

    operators_year.py observe NAME PHASE SINCE   stores what every form says now; PHASE is before, during or after
    operators_year.py shows NAME                 whether `status` and the page say what they should
    operators_year.py in_order                   whether nothing is to be said
    operators_year.py settled SINCE              whether the daemon, if it runs, has checked since then
    operators_year.py commands NAME              the commands of the present advice that have not been printed yet
    operators_year.py judge DOCUMENT             compares all that was stored with MISHAPS, and with the table in DOCUMENT
    operators_year.py judge DOCUMENT NAME...     only these, with MISHAPS
    operators_year.py table DOCUMENT             prints DOCUMENT with the table of what was stored

Runs in the machine. What was stored lies in /srv/year. The alerts are those that Prometheus would fire for what was
scraped, had it stayed like that for hours: `promtool test rules` evaluates them.
"""

import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
STORE = pathlib.Path("/srv/year")
RULES = HERE / "config/prometheus/gravitee-renewd.rules.yaml"
ADDRESS = "http://127.0.0.1:9464"
SEVERITIES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
PAGE = {"good": "OK", "attention": "WARNING", "bad": "CRITICAL"}  # the class of its headline


class Mishap(NamedTuple):
    title: str
    severity: str  # of check, status, page, metrics and alerts alike
    kind: str = ""  # of the finding that says so, as a regular expression; "" for none
    advice: str = ""  # what its advice must name
    never: str = ""  # what no advice may name
    line: str = ""  # what check must say besides
    metric: str = ""  # what must have been scraped
    services: bool = True  # whether the daemon runs, so that there are a page and metrics
    after: str = "OK"  # the severity once the advice was followed


AS_ROOT = r"--user root|User=root"
# In the order of the year. What happens is in the functions of the same names in operators_year.
MISHAPS = {
    "in_order": Mishap("Nothing has happened: the renewal is months away", "OK"),
    "planned": Mishap("A renewed certificate waits for the next maintenance window", "OK",
                      line=r"activat\w+ .*20\d\d-\d\d-\d\d"),
    "upgrade_moved_the_keystore": Mishap(
        "An upgrade of Gravitee moves the link above the keystore to another version's folder", "WARNING",
        "keystore_not_replaceable", advice="init --permissions|systemctl restart", never=AS_ROOT),
    "keystore_of_root": Mishap(
        "The keystore was copied as root: root:root, 0600", "CRITICAL", "keystore_unreadable",
        advice="chown", never=AS_ROOT),
    "unit_renamed": Mishap("The gateway's unit was renamed", "CRITICAL", "gateway_down|gateway_not_restartable",
                           advice="unit"),
    "unit_renamed_while_due": Mishap("The gateway's unit was renamed, and the renewal is due", "CRITICAL",
                                     "gateway_down|gateway_not_restartable|renewal_failing", advice="unit"),
    "polkit_rule_missing": Mishap("The polkit rule is missing", "WARNING", "gateway_not_restartable|polkit",
                                  advice="init --permissions", never=AS_ROOT),
    "token_unreadable": Mishap("The token's file was written by root, 0600", "WARNING", "token_unusable",
                               advice="chown", never="new account token|create a new"),
    "token_expired": Mishap("The account token has expired", "WARNING", "token_unusable", advice="new account token"),
    "token_ends_first": Mishap("The account token ends before the renewal", "WARNING", "token",
                               advice="new account token"),
    "token_garbage": Mishap("The token's file holds something else", "WARNING", "token_unusable"),
    "gateway_failed": Mishap("The gateway is in `failed`, months after a renewal", "CRITICAL", "gateway_down",
                             metric="gravitee_renewd_gateway_up.* 0"),
    "gateway_down_after_roll_back": Mishap("The roll-back did not bring the gateway up", "CRITICAL", "gateway_down",
                                           metric="gravitee_renewd_gateway_up.* 0"),
    "state_full": Mishap("The state disk is full, months before the renewal", "WARNING", "state_not_writable"),
    "state_full_while_due": Mishap("The state disk is full, and the renewal is due", "CRITICAL", "state_not_writable"),
    "no_daemon": Mishap("Neither the daemon nor a timer runs", "WARNING", "daemon_not_running",
                        advice="systemctl enable --now gravitee-renewd", services=False),
    "token_refused": Mishap("The cloud refuses the token", "WARNING|CRITICAL", "renewal_failing|token"),
    "wrong_ca": Mishap("`http.ca_file` does not have the cloud's CA", "WARNING", "renewal_failing"),
    "put_back": Mishap("Configuration management puts the previous keystore back", "WARNING",
                       "older_keystore_installed", advice="rollback production --to", never="activate production"),
    "put_by_hand": Mishap("A newer keystore was installed by hand; the gateway still uses the previous one", "WARNING",
                          "other_certificate_in_use|old_certificate_in_use", advice="activate production|restart"),
    "password_rotated": Mishap("The keystore's password was changed, the service's copy was not", "CRITICAL",
                               "keystore_unreadable", metric="certificate_not_after_timestamp_seconds"),
    "clock_behind": Mishap("The host's clock is a year behind", "WARNING", "clock_in_doubt", advice="timedatectl"),
    "clock_ahead": Mishap("The host's clock is months ahead: the renewal seems due, the cloud's certificate expired",
                          "WARNING|CRITICAL", "renewal_failing|clock_in_doubt", advice="timedatectl|clock",
                          never="ca_file|report it"),
}

# What else has to hold, as operators_year finds it.
FACTS = {
    "token_is_new": "After a refused token was replaced, the daemon renews at once, by itself",
    "ca_is_right": "After a reload with the right `http.ca_file`, it does so, too",
    "unit_is_back": "After a renamed unit is back, it does so, too",
    "one_swap": "and has replaced the keystore once in all",
    "dry_run": "`renew --dry-run` says whether a renewal is due",
    "by_hand_in_journal": "The system journal has what `gravitee-renewd renew` did by hand",
    "catalogue": "`journalctl --catalog` explains the events",
    "reload_fails": "`systemctl reload` fails with a configuration that has errors",
    "daemon_stays": "and the daemon keeps the one that it has",
    "upgrade": "An upgrade to a package with another sample of the configuration asks nothing",
    "upgrade_keeps": "it leaves the configuration as it is",
    "upgrade_restarts": "and the daemon runs afterwards",
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def get(path):
    """What the daemon serves there; nothing if it does not."""
    try:
        with urllib.request.urlopen(ADDRESS + path, timeout=30) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return None


def samples(metrics):
    """[(series, value)] of Prometheus' text format."""
    return [tuple(line.rsplit(" ", 1)) for line in metrics.splitlines() if line and not line.startswith("#")]


def status():
    printed = run("gravitee-renewd", "status", "--json").stdout
    return json.loads(printed)["certificates"][0] if printed else {"severity": "unknown", "findings": []}


def page_severity(page):
    found = re.search(r'<h1 class="(\w+)"', page or "")
    return PAGE.get(found[1], found[1]) if found else None


def problems(findings):
    return [finding for finding in findings if finding["severity"] != "ok"]


def observe(name, phase, since):
    metrics = get("/metrics")
    page = get("/")
    checked = run("gravitee-renewd", "check")
    found = status()
    journal = run("journalctl", "-q", "-o", "json", "-u", "gravitee-renewd", "-p", "warning", "--since", f"@{since}")
    events = []
    for line in journal.stdout.splitlines():
        fields = json.loads(line)
        event = fields.get("GRAVITEE_EVENT")
        detail = fields.get("GRAVITEE_CLASS") or fields.get("GRAVITEE_REASON")
        text = event and (f"{event} ({detail})" if detail else event)
        if text and text not in events:
            events.append(text)
    STORE.mkdir(exist_ok=True)
    (STORE / f"{name}.{phase}").write_text(json.dumps({
        "at": time.time(), "check": SEVERITIES[min(checked.returncode, 3)], "line": checked.stdout.strip() or checked.stderr,
        "severity": found["severity"].upper(), "findings": problems(found["findings"]), "page": page_severity(page),
        "metrics": metrics, "journal": events,
        "user": run("systemctl", "show", "--value", "--property=User", "gravitee-renewd").stdout.strip()}))


def stored(name, phase):
    file = STORE / f"{name}.{phase}"
    return json.loads(file.read_text()) if file.exists() else None


def shows(name):
    wanted = MISHAPS[name]
    found = status()
    page = page_severity(get("/"))
    return (bool(re.fullmatch(wanted.severity, found["severity"].upper())) and (page or wanted.severity) == found["severity"].upper()
            and any(re.search(wanted.kind, finding["kind"]) for finding in problems(found["findings"]) or [{"kind": ""}]))


def in_order():
    return status()["severity"] == "ok" and page_severity(get("/")) == "OK"


def settled(since):
    if run("systemctl", "is-active", "--quiet", "gravitee-renewd").returncode != 0:
        return True
    seen = [float(value) for series, value in samples(get("/metrics") or "")
            if series.startswith("gravitee_renewd_last_check_timestamp_seconds")]
    skew = float((STORE / "clock").read_text()) if (STORE / "clock").exists() else 0
    return bool(seen) and min(seen) - skew > float(since)


# The words after which a sentence no longer belongs to the command in it.
STOP = {"then", "to", "and", "or", "retries", "again", "as", "if", "in", "until", "which", "after", "for", "once", "where", "so",
        "at", "by", "is", "tests", "shows", "says"}
PROGRAMS = r"(?<![/\w])(?:gravitee-renewd|systemctl|chown|chmod|timedatectl|journalctl|df)(?= )"
NO_COMMAND = {"gravitee-renewd", "systemctl"}


def commands_in(advice):
    """What a person would type who reads this."""
    found = []
    for match in re.finditer(PROGRAMS, advice):
        words = []
        for word in advice[match.start():].split():
            if word in STOP:
                break
            words.append(re.sub(r"[;,.)]+$", "", word))
            if words[-1] != word:
                break
            if word.endswith(":") and not (words[0] == "chown" and len(words) == 2):
                words[-1] = word[:-1]
                break
        command = " ".join(words)
        is_owner = match.start() > 0 and re.search(r"(?:chown|user|to|as) $", advice[:match.start()])
        if not is_owner and (len(words) > 1 or words[0] not in NO_COMMAND):
            found.append(command.replace("FILE", "/etc/gravitee-renewd/keystore-password"))
    return found


def commands(name):
    file = STORE / f"{name}.followed"
    tried = file.read_text().splitlines() if file.exists() else []
    new = []
    for finding in problems(status()["findings"]):
        new += [command for command in commands_in(finding["advice"]) if command not in tried + new]
    file.write_text("\n".join(tried + new))
    print("\n".join(new))


# --- alerts

INTERVAL = 5 * 60
SPANS = {"before": 7, "during": 54, "after": 18}  # in intervals: half an hour, 4.5 hours, 1.5 hours


def history(name):
    """series: values over the three spans, for one host that is called like the mishap."""
    hours = {}
    begin = 0
    for phase, length in SPANS.items():
        seen = stored(name, phase) or {"metrics": None, "at": 0}
        now = {"up": "1" if seen["metrics"] else "0", **dict(samples(seen["metrics"] or ""))}
        for series in set(hours) | set(now):
            values = hours.setdefault(series, ["_"] * begin)
            if series not in now:
                values += ["stale"] + ["_"] * (length - 1)
                continue
            value = float(now[series])
            if "_timestamp_seconds" in series:
                value += begin * INTERVAL - seen["at"]
            advance = INTERVAL if "last_check_timestamp_seconds" in series else 0
            values += [f"{value + advance * step:f}" for step in range(length)]
        begin += length
    return hours


def labelled(series, name):
    metric, _, labels = series.partition("{")
    own = f'job="gravitee-renewd",instance="{name}"'
    return f"{metric}{{{own},{labels}" if labels else f"{metric}{{{own}}}"


def firing(names):
    """{phase: {name: {alert: severity}}}"""
    lines = [f"rule_files: [{RULES}]", "evaluation_interval: 5m", "tests:", "  - interval: 5m", "    input_series:"]
    for name in names:
        for series, values in history(name).items():
            lines.append(f"      - {{series: '{labelled(series, name)}', values: '{' '.join(values)}'}}")
    lines.append("    promql_expr_test:")
    ends = {"during": SPANS["before"] + SPANS["during"] - 1, "after": sum(SPANS.values()) - 1}
    for end in ends.values():
        # What is never so: promtool prints what is.
        lines.append(f"      - {{expr: 'ALERTS{{alertstate=\"firing\"}}', eval_time: {end * 5}m, "
                     "exp_samples: [{labels: none, value: 0}]}")
    test = STORE / "alerts.yaml"
    test.write_text("\n".join(lines) + "\n")
    printed = run("promtool", "test", "rules", str(test))
    blocks = re.findall(r"got: (.*)", printed.stdout + printed.stderr)
    if len(blocks) != len(ends):
        sys.exit(f"promtool: {printed.stdout}{printed.stderr}")
    result = {}
    for phase, block in zip(ends, blocks):
        result[phase] = {name: {} for name in names}
        for text in re.findall(r"\{([^}]*)\}", block):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', text))
            if labels.get("instance") in result[phase]:
                result[phase][labels["instance"]][labels["alertname"]] = labels["severity"].upper()
    return result


def worst(alerts):
    return max(alerts.values(), key=SEVERITIES.index, default="OK")


# --- the table and the judgement

VARYING = [(r"\d\d\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?Z?", "DATE"), (r"\b[0-9A-Fa-f]{16,}\b", "SERIAL"),
           (r"\b\d+ days?(?: \d+ h)?", "N days"), (r"answer-rejected-\S+", "answer-rejected-DATE")]


def steady(text):
    for pattern, instead in VARYING:
        text = re.sub(pattern, instead, text)
    return text.replace("|", "\\|")


def metrics_of(seen):
    """The metrics that say that something is wrong."""
    values = dict(samples(seen["metrics"] or ""))
    shown = []
    for series, value in sorted(values.items()):
        found = re.match(r"gravitee_renewd_(severity|finding|gateway_up|certificate_readable|activation_pending|"
                         r"consecutive_failures|config_last_reload_successful)\b", series)
        kind = re.search(r'kind="(\w+)"', series)
        good = {"gateway_up": 1, "certificate_readable": 1, "config_last_reload_successful": 1}
        if found and float(value) != good.get(found[1], 0):
            shown.append(kind[1] if kind else f"{found[1]} {'> 0' if found[1] == 'consecutive_failures' else value}")
    return ", ".join(shown) or ("nothing" if seen["metrics"] else "no response")


def row(name, alerts):
    seen, after = stored(name, "during"), stored(name, "after")
    kinds = ", ".join(finding["kind"] for finding in seen["findings"])
    advice = next((finding["advice"] for finding in seen["findings"] if finding["advice"]), "")
    still = ", ".join(finding["kind"] for finding in after["findings"]) if after else ""
    cells = [MISHAPS[name].title, seen["check"] + (f": {kinds}" if kinds else ""), advice or "–", seen["page"] or "no response",
             metrics_of(seen), ", ".join(f"{alert} ({level.lower()})" for alert, level in sorted(alerts["during"][name].items())) or "–",
             ", ".join(seen["journal"]) or "–", after["check"] + (f": {still}" if still else "") if after else "–"]
    return "| " + " | ".join(steady(cell) for cell in cells) + " |"


HEADER = ["| mishap | `check` | advice | page | metrics | alerts, after hours | journal | once the advice was followed |",
          "|---|---|---|---|---|---|---|---|"]
BEGIN, END = "<!-- the table of tests/system/operators_year -->\n", "<!-- its end -->\n"


def fact(name):
    file = STORE / f"fact.{name}"
    return file.read_text().strip() if file.exists() else ""


def happened():
    return [name for name in MISHAPS if stored(name, "during")]


def table(document):
    names = happened()
    alerts = firing(names)
    facts = [f"| {title} | {fact(name)} |" for name, title in FACTS.items() if fact(name)]
    text = "\n".join(HEADER + [row(name, alerts) for name in names] + ["", "| besides | |", "|---|---|"] + facts) + "\n"
    head, _, rest = document.read_text().partition(BEGIN)
    return head + BEGIN + text + END + rest.partition(END)[2]


def faults_of(name, alerts):
    """What is not as MISHAPS says."""
    wanted, seen, after = MISHAPS[name], stored(name, "during"), stored(name, "after")
    advice = " / ".join(finding["advice"] for finding in seen["findings"])
    level = seen["severity"]
    if not re.fullmatch(wanted.severity, level):
        yield f"status says {level} instead of {wanted.severity}"
    if not any(re.search(wanted.kind, finding["kind"]) for finding in seen["findings"]) and wanted.kind:
        yield f"no finding {wanted.kind}: {[finding['kind'] for finding in seen['findings']]}"
    if seen["check"] != level:
        yield f"check says {seen['check']}, status {level}: {seen['line']}"
    if wanted.services and seen["page"] != level:
        yield f"the page says {seen['page']}, status {level}"
    scraped = seen["metrics"] or ""
    if wanted.services and not re.search(rf"^gravitee_renewd_severity\b.* {SEVERITIES.index(level)}$", scraped, re.M):
        yield f"the metrics do not say {level}"
    if worst(alerts["during"][name]) != level:
        yield f"the alerts are {alerts['during'][name] or 'none'}, status says {level}"
    for what, pattern, text in (("advice", wanted.advice, advice), ("line", wanted.line, seen["line"]),
                                ("metric", wanted.metric, scraped)):
        if not re.search(pattern, text, re.M):
            yield f"the {what} does not name {pattern}: {text if what != 'metric' else ''}"
    if wanted.never and re.search(wanted.never, advice):
        yield f"the advice names {wanted.never}: {advice}"
    if after and after["severity"] != wanted.after:
        yield f"after the advice was followed: {after['severity']}: {after['line']}"
    if after and after["user"] != "gravitee-renewd":
        yield f"after the advice was followed, the service runs as {after['user']}"
    if after and worst(alerts["after"][name]) != wanted.after:
        yield f"after the advice was followed, these alerts fire: {alerts['after'][name]}"


def judge(document, names):
    """Everything, unless there are names."""
    alerts = firing(happened())
    faults = []
    for name in names or MISHAPS:
        faults += [f"{name}: {fault}" for fault in (faults_of(name, alerts) if stored(name, "during") else ["it did not happen"])]
    if not names:
        faults += [f"{title}: {fact(name) or 'it did not happen'}" for name, title in FACTS.items() if fact(name) != "yes"]
        if document.read_text() != table(document):
            faults.append("the table in docs/reliability.md is out of date")
    for fault in faults:
        print(f"FAILED: {fault}", file=sys.stderr)
    return not faults


def main(verb, *words):
    if verb == "observe":
        observe(*words)
    elif verb == "commands":
        commands(*words)
    elif verb == "table":
        print(table(pathlib.Path(words[0])), end="")
    elif verb == "judge":
        return judge(pathlib.Path(words[0]), words[1:])
    else:
        return {"shows": shows, "in_order": in_order, "settled": settled}[verb](*words)
    return True


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
