"""What the kernel knows of a running process: memory, threads, descriptors, what it waits for."""

import pathlib
import re
import signal
import subprocess
import tempfile
import time

# The numbers of epoll_wait and epoll_pwait on x86-64, and of epoll_pwait on ARM64.
EPOLL_WAIT = {"232", "281", "22"}


def of(process: int) -> pathlib.Path:
    return pathlib.Path("/proc") / str(process)


def proportional_memory(process: int) -> int:
    """PSS in bytes: its own pages, and its share of those that it has in common with other processes."""
    return 1024 * int(re.search(r"^Pss: +(\d+) kB", (of(process) / "smaps_rollup").read_text(), flags=re.M)[1])


def threads(process: int) -> int:
    return len(list((of(process) / "task").iterdir()))


def descriptors(process: int) -> int:
    return len(list((of(process) / "fd").iterdir()))


def processor_time(process: int) -> float:
    """Seconds that its threads have run; it may have ended none meanwhile."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in (of(process) / "task").iterdir()) / 1e9


def switches(process: int) -> int:
    """How often its threads have begun to wait."""
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), flags=re.M)[1])
               for task in (of(process) / "task").iterdir())


def system_calls(process: int, seconds: float) -> int:
    """How many end within this time, seen by strace."""
    with tempfile.NamedTemporaryFile("r") as file:
        with subprocess.Popen(["strace", "-f", "-qq", "-o", file.name, "-p", str(process)]) as strace:
            time.sleep(seconds)
            strace.send_signal(signal.SIGINT)
        return sum(" = " in line for line in file)


def next_timer(process: int) -> float:
    """Seconds until the first of its timers (timerfd) or limits of epoll_wait ends; infinite if there is none."""
    ends = [float("inf")]
    for information in (of(process) / "fdinfo").iterdir():
        for seconds, nanoseconds in re.findall(r"^it_value: \((\d+), (\d+)\)", information.read_text(), flags=re.M):
            ends.append(int(seconds) + int(nanoseconds) / 1e9)
    for task in (of(process) / "task").iterdir():
        call = (task / "syscall").read_text().split()
        if call[0] in EPOLL_WAIT and int(call[4], 16) < 0x7FFFFFFF:
            ends.append(int(call[4], 16) / 1e3)
    return min(end for end in ends if end > 0)


def synced(argv: list[str]) -> int:
    """How many fsync, fdatasync, sync and syncfs a command and its children make."""
    with tempfile.NamedTemporaryFile("r") as file:
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync,syncfs", "-o", file.name, *argv],
                       check=True, capture_output=True)
        return sum("sync" in line and " = 0" in line for line in file)
