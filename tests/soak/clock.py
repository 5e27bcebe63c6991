"""The wall clock of a soak, in the file that fast_clock.cpp reads."""

import mmap
import pathlib
import struct
import time

DAY = 86_400
SETTING = struct.Struct("<qqqq")  # of fast_clock.cpp, after two numbers of eight bytes


class Clock:
    """Never runs further than `stride` seconds beyond the last look(): a driver that is kept waiting misses nothing."""

    def __init__(self, path: pathlib.Path, stride: float):
        path.write_bytes(bytes(16 + 2 * SETTING.size))
        with path.open("r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)
        self.current, self.sets, self.stride = 0, 0, int(stride * 1e9)
        self.wall, self.monotonic, self.rate = time.time_ns(), time.monotonic_ns(), 1
        self.limit = self.wall + self.stride
        self.write()

    def now_ns(self, moment: int) -> int:
        return min(self.wall + (moment - self.monotonic) * self.rate, self.limit)

    def now(self) -> float:
        return self.now_ns(time.monotonic_ns()) / 1e9

    def look(self, rate: int) -> None:
        self.move(0, rate)

    def set_by(self, seconds: float) -> None:
        self.move(seconds, self.rate)
        self.sets += 1
        self.shared[8:16] = struct.pack("<Q", self.sets)

    def move(self, seconds: float, rate: int) -> None:
        moment = time.monotonic_ns()
        self.wall = self.now_ns(moment) + int(seconds * 1e9)
        self.monotonic, self.rate, self.limit = moment, rate, self.wall + self.stride
        self.write()

    def write(self) -> None:
        other = 1 - self.current
        begin = 16 + SETTING.size * other
        self.shared[begin:begin + SETTING.size] = SETTING.pack(self.wall, self.monotonic, self.rate, self.limit)
        self.shared[0:8] = struct.pack("<Q", other)
        self.current = other
