"""What a soak counts and samples, and which bounds that has to keep."""

from collections.abc import Callable
from dataclasses import dataclass, field

from clock import DAY
from measuring import fit

KILLED_UNTIL = 0.6  # of the renewals
STEADY_FROM = KILLED_UNTIL + 0.05  # the last start is over
MOST_THREADS = 8
MOST_STATE_KIB = 150  # a certificate
MOST_FILES = 40  # a certificate
MOST_LOG_BYTES = 16_384  # a renewal, with the failed attempts before it
# Over the part without kills, whichever is more:
MOST_GROWTH = 0.1  # of the memory
WARM_UP_KIB = 16  # a certificate: a short run ends soon after the last start
MOST_DESCRIPTORS_LEFT_OPEN = 8  # as many as work in progress may differ by


@dataclass
class Counts:
    renewals: int = 0
    failures: int = 0
    log_bytes: int = 0
    kills: int = 0
    reloads: int = 0
    clock_sets: int = 0
    faults: int = 0
    keystores_opened: int = 0
    least_left: float = float("inf")
    events: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    renewals: int
    memory_kib: int
    descriptors: int
    threads: int
    state_kib: int
    files: int


def growth(samples: list[Sample]) -> tuple[float, float]:
    """Of the memory in KiB for 1,000 renewals, and over all of them as a part of the memory."""
    slope = fit([(sample.renewals, sample.memory_kib) for sample in samples]).slope
    return slope * 1000, slope * (samples[-1].renewals - samples[0].renewals) / samples[0].memory_kib


def left_open(samples: list[Sample]) -> int:
    """How many descriptors there are more at the end: the least of a third is that of a daemon that has nothing to do."""
    third = max(1, len(samples) // 3)
    return min(one.descriptors for one in samples[-third:]) - min(one.descriptors for one in samples[:third])


def verdict(samples: list[Sample], counts: Counts, until: int, certificates: int,
            most_log: int = MOST_LOG_BYTES) -> list[tuple[str, str, bool]]:
    def most(what: Callable[[Sample], int]) -> int:
        return max(map(what, samples))

    steady = [sample for sample in samples if sample.renewals >= until * STEADY_FROM]
    state, files = most(lambda one: one.state_kib) / certificates, most(lambda one: one.files) / certificates
    log = counts.log_bytes / counts.renewals
    slope, part = growth(steady)
    more = left_open(steady)
    return [
        ("least time that a certificate in use had left", f"{counts.least_left / DAY:.1f} days", counts.least_left > 0),
        ("keystores that another program has opened, without an error", f"{counts.keystores_opened:,}", counts.keystores_opened > 0),
        ("memory in the last two fifths, fitted", f"{slope:+.2f} KiB for 1,000 renewals ({part:+.1%})",
         part * steady[0].memory_kib <= max(MOST_GROWTH * steady[0].memory_kib, WARM_UP_KIB * certificates)),
        ("memory at most, and at the end",
         f"{most(lambda one: one.memory_kib) / 1024:.1f} and {samples[-1].memory_kib / 1024:.1f} MiB", True),
        ("descriptors at most, and more left open in the last two fifths",
         f"{most(lambda one: one.descriptors)} and {more}", more <= MOST_DESCRIPTORS_LEFT_OPEN),
        ("threads at most", str(most(lambda one: one.threads)), most(lambda one: one.threads) <= MOST_THREADS),
        ("state at most, a certificate", f"{state:.0f} KiB in {files:.1f} files",
         state <= MOST_STATE_KIB and files <= MOST_FILES),
        ("log, a renewal", f"{log:,.0f} bytes", log <= most_log),
    ]
