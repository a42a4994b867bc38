"""Every key a site file may have, declared once: the check and the reference page both read this."""

from __future__ import annotations

from types import MappingProxyType

from stallaini.site.kinds import SettingKind

SITE = (
    SettingKind("name", required=True, help="the site's name in addresses and commands, such as `noto`"),
    SettingKind("title", help="the name people read; without it, `name`"),
    SettingKind(
        "timezone",
        required=True,
        help="the IANA zone of the site, such as `Europe/Rome`: it decides when a day begins",
    ),
    SettingKind("latitude", "float", unit="deg", low=-90, high=90, help="north is positive"),
    SettingKind("longitude", "float", unit="deg", low=-180, high=180, help="east is positive"),
)

DEVICE = (
    SettingKind("kind", required=True, help="one of the device kinds below"),
    SettingKind("title", help="the name people read; without it, the kind's"),
)

LOAD = (
    SettingKind("title", help="the name people read; without it, the load's name"),
    SettingKind("power_w", "float", required=True, low=1, high=100_000, help="rated power while it runs"),
    SettingKind("channel", help="the power channel that meters it, such as `meter.power`"),
    SettingKind("switch", help="the device that switches it"),
)

SOLAR = (
    SettingKind("panels", "int", required=True, low=1, high=10_000, help="number of panels"),
    SettingKind("panel_power_w", "float", required=True, low=1, high=2_000, help="peak power of one panel"),
    SettingKind("tilt_deg", "float", default=30.0, low=0, high=90, help="0 lies flat, 90 stands upright"),
    SettingKind("azimuth_deg", "float", default=180.0, low=0, high=360, help="90 east, 180 south, 270 west"),
)

LINK = (
    SettingKind(
        "live",
        default="watched",
        choices=("watched", "always", "never"),
        help="when to send live values: while somebody watches, always, or never",
    ),
    SettingKind("live_interval_s", "float", default=5.0, low=1, high=3600, help="between two live messages"),
    SettingKind("ack_timeout_s", "float", default=2.0, low=0.5, high=60, help="before a message is repeated"),
    SettingKind(
        "monthly_mb",
        "float",
        default=200.0,
        low=1,
        high=100_000,
        help="the plan: MB of 10^6 bytes a month, both ways, never exceeded",
    ),
    SettingKind(
        "billing_day",
        "int",
        default=1,
        low=1,
        high=31,
        help="the day on which the plan's month begins; in a shorter month its last day",
    ),
    SettingKind(
        "mode",
        default="auto",
        choices=("auto", "minute", "economy"),
        help="spread the plan evenly over the month, send each minute as long as that can last, "
        "or 15 minutes at a time and no live values",
    ),
    SettingKind(
        "interface",
        help='the metered interface, such as `wwan0`; without it the default route\'s, `"none"`: count the '
        "link's own datagrams alone",
    ),
    SettingKind("vpn_interface", help="a WireGuard interface on the metered one, such as `wg0`"),
    SettingKind(
        "https_url",
        help="the server's web address, such as `https://server.example.org`: the way when UDP is blocked; "
        "without it, the join line's",
    ),
)

JOURNAL = (
    SettingKind(
        "max_mb", "float", default=64.0, low=1, high=100_000, help="size limit of the edge's journal"
    ),
)

CLOCK = (
    SettingKind(
        "trusted",
        "bool",
        default=False,
        help="the machine's clock is right from the start, such as one with a battery; "
        "otherwise it is believed once a time service or the server has said so",
    ),
)

ALARM = (
    SettingKind("enabled", "bool", help="false switches a standing rule off"),
    SettingKind(
        "severity",
        choices=("info", "warning", "critical"),
        help="how grave it is; a rule of your own: warning",
    ),
    SettingKind("title", help="what people read; without it, the standing rule's title"),
    SettingKind("title_it", help="the same in Italian; without it, `title`"),
    SettingKind("channel", help="the channel that is watched"),
    SettingKind(
        "raise_level",
        "float",
        low=-1e6,
        high=1e6,
        help="raised here and beyond, in the channel's unit; a flag is 0 or 1",
    ),
    SettingKind(
        "clear_level", "float", low=-1e6, high=1e6, help="cleared here and beyond, on the other side"
    ),
    SettingKind("raise_after_s", "float", low=0, high=604_800, help="raised after so long without a break"),
    SettingKind("clear_after_s", "float", low=0, high=604_800, help="cleared after so long without a break"),
)

TABLES: MappingProxyType[str, tuple[SettingKind, ...]] = MappingProxyType(
    {
        "site": SITE,
        "devices": DEVICE,
        "series": (),
        "loads": LOAD,
        "alarms": ALARM,
        "solar": SOLAR,
        "link": LINK,
        "journal": JOURNAL,
        "clock": CLOCK,
    }
)
"""The tables of a site file; `devices`, `loads` and `alarms` hold one table per name, `series` one key
per channel."""
