"""The bot's answers as text in Telegram's HTML: what `/status` and `/uptime` say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stallaini.bot.alarms import RECENT_S, FlagNews, alarm_lines
from stallaini.bot.api_client import Gap, Now, Series, SiteRow, Uptime, Value
from stallaini.bot.picture import PanelKind, Picture, data_range
from stallaini.bot.texts import Texts
from stallaini.bot.wording import age, bar, day_and_time, escape, number

_IDLE_W = 5.0
_POWER_FIELDS = ("power", "ac_power")
_GAPS_LISTED = 8


class Battery:
    """The battery a site's card is about: the first device that has a `soc` channel."""

    def __init__(self, channels: Mapping[str, Value]) -> None:
        self._channels = channels
        self.device = battery_device(channels)

    def get(self, field: str) -> Value | None:
        """The battery's channel `field`, or None when it is absent or was never declared."""
        value = self._channels.get(f"{self.device}.{field}")
        return None if value is None or value.quality == "absent" or value.value is None else value

    def figure(self, field: str) -> float | None:
        """The number in channel `field`, or None."""
        value = self.get(field)
        return None if value is None else float(value.value or 0.0)

    def forbids(self, field: str) -> bool:
        """Whether the battery says no in the flag `field`; not reported is not a no."""
        value = self.get(field)
        return value is not None and value.value is False


def battery_device(channel_names: Iterable[str]) -> str | None:
    """The first device with a `soc` channel, or None."""
    return next((name.partition(".")[0] for name in channel_names if name.partition(".")[2] == "soc"), None)


def status_card(
    site: SiteRow, now: Now, news: Mapping[str, FlagNews], texts: Texts, alarms: Sequence[str] = ()
) -> str:
    """How the site is right now, and how old that knowledge is, in about a dozen lines.

    `news` tells of each flag channel the newest event (`alarms.flag_news`); `alarms` are lines of the open
    alarms, which say all that the flags would.
    """
    title = f"<b>{escape(site.title)}</b>"
    battery = Battery(now.channels)
    age_s = card_age_s(now, battery)
    if age_s is None:
        return "⚪ " + texts.never.format(title=title)
    lines = [title, age_line(site, now, texts), ""]
    if battery.device is None:
        lines.append(texts.no_battery)
    else:
        lines += [*_battery_lines(battery, age_s, texts), "", *_limit_lines(battery, texts)]
    others = _other_lines(now, battery.device, age_s or 0.0, texts)
    lines += ["", *others] if others else []
    return "\n".join([*lines, *(alarms or alarm_lines(site, now, news, texts))])


def card_age_s(now: Now, battery: Battery) -> float | None:
    """The age of the oldest of the battery's leading values: the whole card is called as old as that."""
    leading = (battery.get(field) for field in ("soc", "current", "voltage"))
    ages = [value.age_s for value in leading if value is not None and value.age_s is not None]
    return max(ages) if ages else now.age_s


def stale_line(site: SiteRow, now: Now, texts: Texts) -> str | None:
    """The warning that the battery's data are old, or None while they are not; plain text."""
    age_s = card_age_s(now, Battery(now.channels))
    if age_s is None or age_s <= RECENT_S:
        return None
    when = (now.at - timedelta(seconds=age_s)).astimezone(ZoneInfo(site.timezone))
    return texts.stale.format(age=age(age_s, texts), when=day_and_time(when, texts))


def age_line(site: SiteRow, now: Now, texts: Texts) -> str:
    """How old what is known of the site is: said below every answer."""
    stale, age_s = stale_line(site, now, texts), card_age_s(now, Battery(now.channels))
    if age_s is None:
        return "⚪ " + texts.heard_never
    if stale is not None:
        return f"⚠️ <b>{stale}</b>"
    if now.state == "live":
        return "🟢 " + texts.live.format(age=age(age_s, texts))
    return "🟡 " + texts.recent.format(age=age(age_s, texts))


def _battery_lines(battery: Battery, age_s: float, texts: Texts) -> list[str]:
    lines = []
    soc = battery.get("soc")
    if soc is not None:
        soc_pct = float(soc.value or 0.0)
        lines.append(f"🔋 {bar(soc_pct)} <b>{number(soc_pct, 1, texts)} %</b>{_own_age(soc, age_s, texts)}")
    power_w = _power_w(battery)
    if power_w is not None:
        lines.append(_power_line(power_w, texts))
    for field, label, unit, digits in (
        ("current", texts.current, "A", 1),
        ("voltage", texts.voltage, "V", 2),
        ("temperature", texts.temperature, "°C", 1),
    ):
        value = battery.get(field)
        if value is not None:
            figure = f"{number(float(value.value or 0.0), digits, texts)} {unit}"
            lines.append(f"{label}: <b>{figure}</b>{_own_age(value, age_s, texts)}")
    return lines


def _power_w(battery: Battery) -> float | None:
    """The battery's power as reported, else voltage times current; positive = charging."""
    power_w = battery.figure("power")
    if power_w is not None:
        return power_w
    voltage_v, current_a = battery.figure("voltage"), battery.figure("current")
    return None if voltage_v is None or current_a is None else voltage_v * current_a


def _power_line(power_w: float, texts: Texts) -> str:
    if abs(power_w) < _IDLE_W:
        return "⏸ " + texts.idle
    arrow, text = ("⚡️", texts.charging) if power_w > 0 else ("🔻", texts.discharging)
    return f"{arrow} " + text.format(power=f"<b>{number(abs(power_w), 0, texts)}</b>")


def _other_lines(now: Now, battery: str | None, age_s: float, texts: Texts) -> list[str]:
    """One line for each other device that tells its power: how much, and in words what it is doing."""
    lines = []
    for name, power in now.channels.items():
        device, _, field = name.partition(".")
        if device == battery or field not in _POWER_FIELDS or power.value is None:
            continue
        mode = now.channels.get(f"{device}.mode")
        doing = f", {escape(mode.text)}" if mode is not None and mode.text else ""
        figure = f"<b>{number(float(power.value), 0, texts)} W</b>"
        lines.append(f"{escape(_spoken(device))}: {figure}{doing}{_own_age(power, age_s, texts)}")
    return lines


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _own_age(value: Value, age_s: float, texts: Texts) -> str:
    """The value's own age, said only where it is older than the card says."""
    if value.age_s is None or value.age_s <= max(age_s, RECENT_S):
        return ""
    return f" ⚠️ ({texts.old_value.format(age=age(value.age_s, texts))})"


def _limit_lines(battery: Battery, texts: Texts) -> list[str]:
    charge = _limit(battery, "charge", texts.charge_limit, texts)
    discharge = _limit(battery, "discharge", texts.discharge_limit, texts)
    allowed = [f"• {limit}" for limit in (charge, discharge) if limit is not None]
    lines = [texts.limits, *allowed] if allowed else []
    if battery.forbids("charge_enabled"):
        lines.append("⛔ " + texts.charge_blocked)
    if battery.forbids("discharge_enabled"):
        lines.append("⛔ " + texts.discharge_blocked)
    return lines


def _limit(battery: Battery, way: str, text: str, texts: Texts) -> str | None:
    """What the battery allows one way, or None when it does not say or allows nothing."""
    current_a = battery.figure(f"{way}_current_limit")
    voltage_v = battery.figure(f"{way}_voltage_limit")
    if battery.forbids(f"{way}_enabled") or current_a is None or voltage_v is None:
        return None
    return text.format(current=f"{number(current_a, 0, texts)} A", voltage=f"{number(voltage_v, 1, texts)} V")


def present_value(now: Now, channel: str) -> float | None:
    """The channel's value if it is from the last minute or newer."""
    value = now.channels.get(channel)
    if value is None or value.value is None or value.age_s is None or value.age_s > RECENT_S:
        return None
    return float(value.value)


def chart_caption(
    picture: Picture, series: Sequence[tuple[PanelKind, Series, float | None]], texts: Texts
) -> str:
    """The picture in words: its span, its last values and how far the charge went."""
    lines = [f"<b>{escape(picture.title)}</b>"]
    if picture.stale is not None:
        lines.append(f"⚠️ <b>{escape(picture.stale)}</b>")
    for panel, (kind, one, _) in zip(picture.panels, series, strict=True):
        line = f"{panel.title}: <b>{panel.last}</b>"
        span = data_range(one)
        if kind.field == "soc" and span is not None:
            low, high = (number(value, 0, texts) for value in span)
            line += f", {texts.soc_range.format(low=low, high=high)}"
        lines.append(line)
    return "\n".join(lines)


def uptime_card(site: SiteRow, spans: Sequence[tuple[int, Uptime]], texts: Texts) -> str:
    """How complete the data are, and the gaps with their reasons.

    `spans` are (days, report) from the shortest to the longest; the gaps listed are the longest span's.
    """
    lines = [f"<b>{escape(site.title)}</b> · {texts.uptime_title}", ""]
    lines += [_uptime_line(days, report, texts) for days, report in spans]
    days, report = spans[-1]
    if not report.minutes_expected:
        return "\n".join(lines)
    if not report.gaps:
        return "\n".join([*lines, "", "✅ " + texts.no_gaps])
    newest_first = sorted(report.gaps, key=lambda gap: gap.start, reverse=True)
    lines += ["", texts.gaps.format(days=days)]
    zone = ZoneInfo(site.timezone)
    lines += ["• " + _gap_line(gap, report.end, zone, texts) for gap in newest_first[:_GAPS_LISTED]]
    if more := newest_first[_GAPS_LISTED:]:
        length = age(sum(gap.minutes for gap in more) * 60, texts)
        lines.append(texts.more_gaps.format(count=len(more), length=length))
    return "\n".join(lines)


def _uptime_line(days: int, report: Uptime, texts: Texts) -> str:
    if not report.minutes_expected:
        return texts.uptime_unknown.format(days=days)
    # Rounded down, so that 100 % is said only of a span without a gap.
    percent = int(report.minutes_present / report.minutes_expected * 10_000) / 100
    return texts.uptime_line.format(
        days=days,
        percent=number(percent, 2, texts),
        present=number(report.minutes_present, 0, texts),
        expected=number(report.minutes_expected, 0, texts),
    )


def _gap_line(gap: Gap, until: datetime, zone: ZoneInfo, texts: Texts) -> str:
    start, end = gap.start.astimezone(zone), gap.end.astimezone(zone)
    same_day = start.date() == end.date()
    said_end = f"{end:%H:%M}" if same_day else day_and_time(end, texts)
    reason = texts.unknown_reason if gap.reason is None else texts.reasons.get(gap.reason, gap.reason)
    return texts.gap_line.format(
        start=day_and_time(start, texts),
        end=texts.gap_still if gap.end >= until else said_end,
        length=age(gap.minutes * 60, texts),
        reason=escape(reason),
    )
