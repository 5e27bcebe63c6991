#!/usr/bin/env python3
"""Lets Spin search every course of events of the models, and shows that it would find a fault.

check_models.py MODEL holds            the model holds
check_models.py MODEL mutations        with any of its mutations, it does not
check_models.py MODEL mutations N...   the same with these, counted from 0

Prints what was found; skipped (77) without spin or a C compiler."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parent
SKIPPED = 77

# Sizes that take some seconds: a fault of a mutation is found long before.
SIZES = {
    "mint": ["N=3", "CRASHES=2", "TAKEOVERS=2", "LOSSES=2"],
    "rollout": ["N=3", "CRASHES=2", "FAILURES=2", "RESUMES=1", "LATES=1"],
}

# What is changed, to what, and which rule that breaks. Each text occurs exactly once.
MUTATIONS = {
    "mint": [
        ("answer[i] > published ->\n       assert(", "answer[i] != 0 ->\n       assert(",
         "publishing whatever one has, not only what is later"),
        ("answer[i] > published ->\n       assert(", "answer[i] > published && owner == i + 1 ->\n       assert(",
         "publishing only while one's claim stands"),
        ("idle(i) && due(i) && owner == 0 -> claim(i)", "idle(i) && due(i) -> claim(i)",
         "claiming without looking whether somebody else has"),
        ("claimed[i] && inflight[i] == 0 ->", "idle(i) && due(i) && inflight[i] == 0 ->",
         "a POST without a claim"),
        ("crashes++; claimed[i] = 0; waiting[i] = 0 }", "crashes++; claimed[i] = 0; waiting[i] = 0; answer[i] = 0 }",
         "an answer that is not on the disk before anything else"),
        ("answer[i] != 0 && answer[i] <= published -> answer[i] = 0;", "answer[i] != 0 -> answer[i] = 0;",
         "setting aside an answer that is later"),
        ("owner == i + 1 && idle(i) -> requested[i] = 0; owner = 0; revision++", "false -> skip",
         "a claim of one's own that nobody ends after a crash"),
        ("published > installed[i] && answer[i] == 0 -> installed[i]", "published > installed[i] && false -> installed[i]",
         "not following what others publish"),
    ],
    "rollout": [
        ("(verified_count == 0 -> 1 : AT_ONCE)", "AT_ONCE", "no canary"),
        ("crashes++; present[i] = 0", "crashes++; present[i] = 0; release(i)", "a turn that ends with a lease"),
        ("late[i] == revision + 1 -> hold[i]", "true -> hold[i]", "a late take that compares nothing"),
        ("(!halted && !failed[i] && holders < limit)", "(!failed[i] && holders < limit)", "taking a turn while halted"),
        ("activating[i] = 1; down[i] = 1; downs++;", "activating[i] = 1; down[i] = 1; downs++; release(i);",
         "releasing a turn before the gateway runs again"),
        ("!excused[i] -> halted = 1", "!excused[i] -> skip", "a failure that halts nothing"),
        ("waiting(i) && hold[i] && present[i] ->", "waiting(i) && present[i] ->", "restarting without a turn"),
        ("holders < limit)", "holders <= limit)", "one more at once than allowed"),
        ("(failed[i] && holders == 0 && tries[i] < 3)", "(failed[i] && tries[i] < 3)",
         "trying again beside others"),
    ],
}


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


def mutated(model, text, number):
    before, after, _ = MUTATIONS[model][number]
    if text.count(before) != 1:
        sys.exit(f"mutation {number} of {model}.pml applies {text.count(before)} times, not once: {before}")
    return text.replace(before, after)


def search(model, text):
    """How many errors Spin finds, and in how many states."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "model.pml").write_text(text, encoding="utf-8")
        run(["spin", *[f"-D{size}" for size in SIZES[model]], "-a", "model.pml"], folder)
        run(["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=2000", "-o", "pan", "pan.c"], folder)
        found = subprocess.run(["./pan", "-m20000", "-w22"], cwd=folder, capture_output=True, text=True, check=False)
        errors = re.search(r"errors: (\d+)", found.stdout)
        states = re.search(r"(\d+) states, stored", found.stdout)
        # A search that has stopped early, for memory or depth, has shown nothing.
        incomplete = re.search(r"max search depth too small|memory limit|out of memory", found.stdout)
        if not errors or not states or (incomplete and errors[1] == "0"):
            sys.exit(f"the search did not come to its end:\n{found.stdout}{found.stderr}")
        return int(errors[1]), int(states[1]), found.stdout


def holds(model, text):
    errors, states, output = search(model, text)
    print(f"{model}.pml with {', '.join(SIZES[model])}: {states} states, errors: {errors}")
    if errors:
        print(output)
    return errors == 0


def mutations_are_found(model, text, numbers):
    found = True
    for number in numbers or range(len(MUTATIONS[model])):
        errors, states, _ = search(model, mutated(model, text, number))
        print(f"{number}: {MUTATIONS[model][number][2]}: {'found' if errors else 'NOT FOUND'} in {states} states")
        found = found and errors > 0
    return found


def main():
    missing = [tool for tool in ("spin", "gcc") if shutil.which(tool) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} is not installed")
        sys.exit(SKIPPED)
    model, what, *numbers = sys.argv[1:]
    text = (FOLDER / f"{model}.pml").read_text(encoding="utf-8")
    good = holds(model, text) if what == "holds" else mutations_are_found(model, text, [int(n) for n in numbers])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
