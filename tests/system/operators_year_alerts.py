"""The alerts that Prometheus would fire for what was scraped, had it stayed like that for hours.

`promtool test rules` evaluates them, for a time that begins at 0: each mishap is a host of its own, whose metrics are those
before the mishap, then during and then after it.
"""

import json
import pathlib
import re
import subprocess
import sys

STORE = pathlib.Path("/srv/year")
RULES = pathlib.Path(__file__).resolve().parent / "config/prometheus/gravitee-renewd.rules.yaml"
INTERVAL = 5 * 60
SPANS = {"before": 7, "during": 54, "after": 18}  # in intervals: half an hour, 4.5 hours, 1.5 hours


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def samples(metrics):
    """[(series, value)] of Prometheus' text format."""
    return [tuple(line.rsplit(" ", 1)) for line in metrics.splitlines() if line and not line.startswith("#")]


def stored(name, phase):
    file = STORE / f"{name}.{phase}"
    return json.loads(file.read_text()) if file.exists() else None


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
    if not names:
        return {}
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
