"""The battery as a device: frames in, readings out, with everything counted that was not believed."""

from __future__ import annotations

from collections import Counter, deque

from stallaini.devices.can_battery.decode import Decoded, Decoder
from stallaini.devices.can_battery.detect import Detector, Verdict
from stallaini.devices.can_battery.profile import load_profile
from stallaini.devices.can_bus.frame import EventData, Frame
from stallaini.site.reading import Reading

AUTO = "auto"
LOST_AFTER_S = 30.0
UNKNOWN_KEPT = 256


class CanBattery:
    """One battery on a bus. Channels are named `<name>.<field>`.

    With the profile `auto` it decodes as `generic` until the ids heard tell which profile is spoken,
    and changes when they change. Raises OperatorError when there is no such profile.
    """

    def __init__(self, name: str, profile: str = AUTO) -> None:
        self.name = name
        self.counters: Counter[str] = Counter()
        """frames, error_frames, extended_frames, remote_frames, unknown_frames, rejected.<field>."""
        self.unknown: deque[Frame] = deque(maxlen=UNKNOWN_KEPT)
        """The newest frames whose id the profile does not know: raw material for a new profile."""
        self.texts: dict[str, str] = {}
        """Maker, product and the like, as last said."""
        self._automatic = profile == AUTO
        self._detector = Detector()
        self._decoder = Decoder(
            load_profile(self._detector.verdict.decoded_as if self._automatic else profile), name
        )
        self._voltage, self._power = f"{name}.voltage", f"{name}.power"
        self._said_at_s: float | None = None
        self._is_lost = False
        self._events: list[tuple[str, EventData]] = []

    @property
    def profile(self) -> str:
        """The profile spoken: as configured, or as detected (also one that has no file)."""
        return self._detector.verdict.profile if self._automatic else self._decoder.profile.name

    @property
    def detected(self) -> Verdict:
        """What the ids heard tell, whatever is configured."""
        return self._detector.verdict

    @property
    def heard(self) -> dict[int, float]:
        """Every id on the bus and the monotonic second it was last heard: each frame ages for itself."""
        return self._detector.heard

    def feed(self, frame: Frame) -> list[Reading]:
        """The readings a frame holds. Error, extended and remote frames hold none and are counted."""
        if frame.error or frame.extended or frame.remote:
            self._count_odd(frame)
            return []
        self.counters["frames"] += 1
        now_s = frame.monotonic_s
        if self._detector.observe(frame.id, frame.data, now_s):
            self._new_verdict()
        decoded = self._decoder.decode(frame.id, frame.data)
        if decoded.title is None:
            self.counters["unknown_frames"] += 1
            self.unknown.append(frame)
            return []
        if decoded.readings or decoded.texts:
            self._said(now_s)
            if decoded.texts:
                self.texts.update(decoded.texts)
        for field in decoded.rejected:
            self.counters["rejected." + field.removeprefix(self.name + ".")] += 1
        readings = [Reading(channel, now_s, value) for channel, value in decoded.readings.items()]
        if decoded.current is not None:
            self._derive_power(decoded, readings, now_s)
        return readings

    def poll(self, now_s: float) -> list[tuple[str, EventData]]:
        """What happened since the last call, as (kind, data): profile told, battery lost, heard again.

        Lost means that no frame of the battery came for 30 s, whatever else is on the bus.
        """
        if self._said_at_s is not None and not self._is_lost and now_s - self._said_at_s >= LOST_AFTER_S:
            self._is_lost = True
            silent_s = round(now_s - self._said_at_s)
            self._events.append(("battery.lost", {"device": self.name, "silent_s": silent_s}))
        events, self._events = self._events, []
        return events

    def _count_odd(self, frame: Frame) -> None:
        kind = "error" if frame.error else "extended" if frame.extended else "remote"
        self.counters[f"{kind}_frames"] += 1

    def _new_verdict(self) -> None:
        verdict = self._detector.verdict
        data: EventData = {"device": self.name, "profile": verdict.profile, "reason": verdict.reason}
        if self._automatic:
            self._decoder = Decoder(load_profile(verdict.decoded_as), self.name)
            data["decoded_as"] = verdict.decoded_as
            self._events.append(("battery.profile", data))
        elif verdict.profile != self._decoder.profile.name:
            data["configured"] = self._decoder.profile.name
            self._events.append(("battery.profile_differs", data))

    def _said(self, now_s: float) -> None:
        if self._is_lost and self._said_at_s is not None:
            silent_s = round(now_s - self._said_at_s)
            self._events.append(("battery.heard", {"device": self.name, "silent_s": silent_s}))
            self._is_lost = False
        self._said_at_s = now_s

    def _derive_power(self, decoded: Decoded, readings: list[Reading], now_s: float) -> None:
        voltage_v = decoded.readings.get(self._voltage)
        if voltage_v is not None and decoded.current is not None:
            readings.append(Reading(self._power, now_s, round(voltage_v * decoded.current)))
