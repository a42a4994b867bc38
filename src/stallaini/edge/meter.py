"""The meter: every byte on the metered interface to its day and its purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from stallaini.clock import Clock
from stallaini.edge.boot import read_boot_id
from stallaini.edge.governor import Standing
from stallaini.edge.line import Line
from stallaini.edge.usage import Asked, DayUsage, Usage
from stallaini.link.accounting import Purpose
from stallaini.site.billing import billing_month, day_start_s, load_zone, local_day
from stallaini.site.config import LinkConfig, Mode, SiteConfig

USAGE_FILE = "usage.json"
EARLIEST = date(2025, 1, 1)
"""Before this day no edge counted anything: a clock that says so is wrong."""
_UNSAVED_SHARE, _LEAST_UNSAVED_BYTES, _MOST_UNSAVED_BYTES = 0.001, 1_000, 20_000


class Meter:
    """Takes the link's own datagrams as they pass (`sent`, `received`) and the interface's counters (`poll`).

    What the interface passed and nobody of ours sent is the tunnel's or others'. Without a line only our
    own datagrams count. A power cut forgets at most a thousandth of the plan, and never more than 20 kB.
    """

    def __init__(
        self, usage: Usage, clock: Clock, timezone: str, link: LinkConfig, line: Line | None = None
    ) -> None:
        self.usage = usage
        self.own_bytes = 0
        self._clock = clock
        self._zone = load_zone(timezone)
        self._link = link
        self._line = line
        self._plan_bytes = int(link.monthly_mb * 1e6)
        unsaved_bytes = int(self._plan_bytes * _UNSAVED_SHARE)
        self._unsaved_limit_bytes = max(_LEAST_UNSAVED_BYTES, min(unsaved_bytes, _MOST_UNSAVED_BYTES))
        self._unsaved_bytes = 0
        self._shares: Mapping[Purpose, float] = {"telemetry": 1.0}
        self._unmatched = [0, 0]
        self._own_late = [0, 0]
        self._vpn_late = [0, 0]
        self._day_from_s = self._day_until_s = 0.0
        self._enter_day()

    @property
    def interface(self) -> str | None:
        """The metered interface, None when only our own datagrams are counted."""
        return None if self._line is None else self._line.interface

    # -- what passes

    def carry(self, shares: Mapping[Purpose, float]) -> None:
        """What the datagrams sent from now on are for."""
        self._shares = shares

    def sent(self, size_bytes: int, *, repeated: bool) -> None:
        """A datagram of ours left."""
        self._own(0, size_bytes)
        if repeated:
            self._add(0, "retransmission", size_bytes)
            return
        left = size_bytes
        for purpose, share in list(self._shares.items())[1:]:
            part = round(size_bytes * share)
            self._add(0, purpose, part)
            left -= part
        self._add(0, next(iter(self._shares)), left)

    def received(self, size_bytes: int, purpose: Purpose) -> None:
        """A datagram came to us."""
        self._own(1, size_bytes)
        self._add(1, purpose, size_bytes)

    def brought(self, purpose: Purpose, size_bytes: int) -> None:
        """So much of the answer that came last was not acknowledgement but this."""
        self._add(1, purpose, size_bytes)
        self._add(1, "acknowledgements", -size_bytes)

    def poll(self) -> None:
        """Read the interface's counters; call it at least once a minute."""
        self._follow_clock()
        passed = None if self._line is None else self._line.passed(self._clock.monotonic_s())
        if passed is None:
            self._unmatched = [0, 0]
            return
        for way in (0, 1):
            if passed.total[way] or passed.vpn[way] or self._unmatched[way]:
                self._match(way, passed.total[way], passed.vpn[way])

    def saved(self, *, batching_bytes: float = 0, live_bytes: float = 0) -> None:
        """Bytes that were not sent: minutes that shared a message, live values that were declined."""
        self._today.batching_saved += round(batching_bytes)
        self._today.live_saved += round(live_bytes)

    # -- how it is spent

    @property
    def mode(self) -> Mode:
        """How the plan is spent: as a command asked, as long as it asked, else as the site file says."""
        asked = self.usage.asked
        if asked is None or (asked.until_s is not None and self._clock.wall_s() >= asked.until_s):
            return self._link.mode
        return asked.mode

    def ask_mode(self, mode: Mode, until_s: int | None) -> None:
        """Spend the plan so until that Unix second, or for good; over a restart, too."""
        self.usage.asked = Asked(mode, until_s)
        self.save()

    # -- what is used

    @property
    def day(self) -> date:
        """Today in the site's zone, as far as the clock is to be believed."""
        self._follow_clock()
        return self._day

    def standing(self) -> Standing:
        """Where the month stands now."""
        self._follow_clock()
        now_s = min(max(self._clock.wall_s(), self._month_from_s), self._month_until_s)
        return Standing(
            plan_bytes=self._plan_bytes,
            used_bytes=self._used_bytes,
            elapsed_s=now_s - self._month_from_s,
            left_s=self._month_until_s - now_s,
        )

    def others_bytes(self) -> int:
        """What of the month so far was not the link's own: the tunnel's and others'."""
        month = billing_month(self.day, self._link.billing_day)
        return sum(day.of("vpn") + day.of("other") for day in self.usage.days(month))

    def save(self) -> None:
        """Write the usage down."""
        if self.usage.save():
            self._unsaved_bytes = 0

    # -- inside

    def _own(self, way: int, size_bytes: int) -> None:
        self._follow_clock()
        self.own_bytes += size_bytes
        self._unmatched[way] += size_bytes

    def _add(self, way: int, purpose: Purpose, size_bytes: int) -> None:
        if not size_bytes:
            return
        column = self._today.down if way else self._today.up
        column[purpose] = column.get(purpose, 0) + size_bytes
        self._used_bytes += size_bytes
        self._unsaved_bytes += size_bytes
        if self._unsaved_bytes >= self._unsaved_limit_bytes:
            self.save()

    def _match(self, way: int, total_bytes: int, vpn_bytes: int) -> None:
        """Set what the interface passed against what is ours; the rest is the tunnel's, then others'.

        The two are not read at one instant: what only one of them has seen yet waits for the next poll.
        """
        own_bytes, self._unmatched[way] = self._unmatched[way], 0
        rest_bytes = total_bytes - own_bytes - self._own_late[way]
        vpn = min(max(0, rest_bytes), vpn_bytes + self._vpn_late[way])
        self._add(way, "vpn", vpn)
        self._add(way, "other", max(0, rest_bytes - vpn))
        self._own_late[way] = min(own_bytes, max(0, -rest_bytes))
        self._vpn_late[way] = max(0, vpn_bytes - vpn)

    def _follow_clock(self) -> None:
        if not self._day_from_s <= self._clock.wall_s() < self._day_until_s:
            self._enter_day()

    def _enter_day(self) -> None:
        """Take up the day that the clock says, or the newest known one when the clock cannot be right."""
        day = local_day(self._clock.wall_s(), self._zone)
        if day < EARLIEST:
            day = max(self.usage.newest or day, day)
        else:
            self.usage.fold(EARLIEST, day)
        self._day = day
        self._day_from_s = day_start_s(local_day(self._clock.wall_s(), self._zone), self._zone)
        self._day_until_s = day_start_s(
            local_day(self._clock.wall_s(), self._zone) + timedelta(days=1), self._zone
        )
        month = billing_month(day, self._link.billing_day)
        self._month_from_s = day_start_s(month.first, self._zone)
        self._month_until_s = day_start_s(month.end, self._zone)
        self._today: DayUsage = self.usage.day(day)
        self._used_bytes = self.usage.used_bytes(month)


def open_meter(config: SiteConfig, data_dir: Path, clock: Clock) -> Meter:
    """The meter of a site's edge, with what was counted before, over the interface that its file names."""
    usage = Usage(data_dir / USAGE_FILE)
    line = Line(config.link, read_boot_id().hex(), usage.seen)
    return Meter(usage, clock, config.timezone, config.link, line)
