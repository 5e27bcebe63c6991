"""What one renewal costs, from "due" to a restarted gateway, beside a script that does the same."""

import os
import pathlib
import time

import processes
from hosts import HERE, Host, Programs, run
from measuring import Answer, Comparison, Competitor, Figure, Row, Target, in_turns, ratio

ROUNDS = 15
# Certificates have whole seconds, and one that does not expire later than the installed one is refused.
NEXT_SECOND = "sleep 1.05"
KEYS = {"EC P-256": "ec:P-256", "RSA 2048": "rsa:2048"}


def derivations(host: Host) -> int:
    counted = host.directory / "derivations"
    run(host.command("renew", "--force"),
        env={**os.environ, "LD_PRELOAD": host.programs.counting_library, "COUNTED_DERIVATIONS": str(counted)})
    return counted.read_text().count("\n")


def of_key(host: Host, key: str) -> list[Row]:
    host.configure([host.keystore], gateway="command: {argv: [/bin/true]}", schedule="requests_per_day: 86400")
    renew = host.command("renew", "--force")
    run(renew)
    time.sleep(1.05)
    syncs = processes.synced(renew)
    time.sleep(1.05)
    opened = derivations(host)
    script = [str(HERE / "renew-with-curl"), str(host.directory), host.account_url, str(syncs), "/bin/true"]
    time.sleep(1.05)
    syncs_of_script = processes.synced(script)
    times = in_turns([Competitor("renew", renew, prepare=NEXT_SECOND),
                      Competitor("the script", script, prepare=NEXT_SECOND)], ROUNDS)
    ours, theirs = times["renew"], times["the script"]

    def compared(mine: Figure, other: Figure) -> tuple[Comparison]:
        return (Comparison("the script", ratio(mine, other), Target(0.20)),)

    return [
        Row(f"{key}: renew, wall", ours.wall, host.shown(renew), comparisons=compared(ours.wall, theirs.wall)),
        Row(f"{key}: the script, wall", theirs.wall, host.shown(script)),
        Row(f"{key}: renew, processor", ours.processor, host.shown(renew),
            comparisons=compared(ours.processor, theirs.processor)),
        Row(f"{key}: the script, processor", theirs.processor, host.shown(script)),
        Row(f"{key}: syncs of renew", Figure((syncs,), ""), f"strace -f -e fsync,… {host.shown(renew)}", Target(16)),
        Row(f"{key}: syncs of the script", Figure((syncs_of_script,), ""),
            f"strace -f -e fsync,… {host.shown(script)}"),
        Row(f"{key}: keystores opened or made by renew", Figure((opened,), ""),
            f"LD_PRELOAD=libcounted_derivations.so {host.shown(renew)}", Target(2))]


def ask(programs: Programs, work: pathlib.Path) -> Answer:
    rows = []
    for number, (name, key) in enumerate(KEYS.items()):
        host = Host(programs, work / f"renewal-{number}")
        with host.cloud("--key", key, "--prepared-keys", str(2 * ROUNDS + 8)):
            rows += of_key(host, name)
    return Answer(
        "One renewal",
        f"`renew --force` against the simulated cloud on the same machine, {ROUNDS} rounds in turns; the gateway is "
        "`/bin/true`, and the host has renewed before. Processor time is user and system time with all children; the "
        "cloud's is not in it.",
        rows,
        ["The script (`tests/bench/renew-with-curl`) is what an operator would write: curl, base64, openssl to see "
         "that the answer opens and is valid for long enough, a copy of the previous keystore, mv, and the gateway. It "
         "syncs as often as the daemon does, with `sync FILE...`: a process each time, since a shell has nothing else. "
         "It cannot resume after a crash, does not roll back, and checks less of the answer.",
         "The cloud signs the certificate and makes the keystore meanwhile, for both: a part of the wall time that no "
         "client can save. It has made the keys beforehand."])
