"""What an operator sees of each mishap of tests/system/operators_year, and what he should see.

    operators_year.py observe NAME PHASE SINCE   stores what every form says now; PHASE is before, during or after
    operators_year.py shows NAME                 whether `status` and the page say what they should
    operators_year.py in_order                   whether nothing is to be said
    operators_year.py settled SINCE              whether the daemon, if it runs, has checked since then
    operators_year.py commands NAME              the commands of the present advice that have not been printed yet
    operators_year.py judge DOCUMENT             compares all that was stored with MISHAPS, and with the table in DOCUMENT
    operators_year.py judge DOCUMENT NAME...     only these, with MISHAPS
    operators_year.py table DOCUMENT             prints DOCUMENT with the table of what was stored

Runs in the machine. What was stored lies in /srv/year.
"""

import difflib
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

from operators_year_advice import commands_in
from operators_year_alerts import STORE, firing, run, samples, stored
from operators_year_data import FACTS, MISHAPS

ADDRESS = "http://127.0.0.1:9464"
SEVERITIES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
PAGE = {"good": "OK", "attention": "WARNING", "bad": "CRITICAL"}  # the class of its headline


def get(path):
    """What the daemon serves there; nothing if it does not."""
    try:
        with urllib.request.urlopen(ADDRESS + path, timeout=30) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return None


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


def commands(name):
    file = STORE / f"{name}.followed"
    tried = file.read_text().splitlines() if file.exists() else []
    new = []
    for finding in problems(status()["findings"]):
        new += [command for command in commands_in(finding["advice"]) if command not in tried + new]
    file.write_text("\n".join(tried + new))
    print("\n".join(new))


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


def shown_advice(seen):
    """The one that check, status and the page show: the first."""
    return next((finding["advice"] for finding in seen["findings"] if finding["advice"]), "")


def row(name, alerts):
    seen, after = stored(name, "during"), stored(name, "after")
    kinds = ", ".join(finding["kind"] for finding in seen["findings"])
    advice = shown_advice(seen)
    still = ", ".join(finding["kind"] for finding in after["findings"]) if after else ""
    cells = [MISHAPS[name].title, seen["check"] + (f": {kinds}" if kinds else ""), advice or "–", seen["page"] or "no response",
             metrics_of(seen), ", ".join(f"{alert} ({level.lower()})" for alert, level in sorted(alerts["during"][name].items())) or "–",
             ", ".join(sorted(seen["journal"])) or "–", after["check"] + (f": {still}" if still else "") if after else "–"]
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
    advice = shown_advice(seen)
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
    # Prometheus itself sees no more of a daemon that is down than that.
    if worst(alerts["during"][name]) != level and (wanted.services or not alerts["during"][name]):
        yield f"the alerts are {alerts['during'][name] or 'none'}, status says {level}"
    for what, pattern, text in (("advice", wanted.advice, advice), ("line", wanted.line, seen["line"]),
                                ("metric", wanted.metric, scraped)):
        if not re.search(pattern, text, re.M):
            yield f"the {what} does not name {pattern}: {text if what != 'metric' else ''}"
    for other in (finding["advice"] for finding in seen["findings"]):
        if wanted.never and re.search(wanted.never, other):
            yield f"an advice names {wanted.never}: {other}"
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
    for name in [name for name in MISHAPS if not names or name in names]:
        faults += [f"{name}: {fault}" for fault in (faults_of(name, alerts) if stored(name, "during") else ["it did not happen"])]
    # With names, only what was tried.
    faults += [f"{title}: {fact(name) or 'it did not happen'}" for name, title in FACTS.items()
               if fact(name) != "yes" and (fact(name) or not names)]
    if not names:
        faults += [f"the table in docs/reliability.md is out of date: {line}"
                   for line in difflib.ndiff(document.read_text().splitlines(), table(document).splitlines())
                   if not line.startswith("  ")]
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
