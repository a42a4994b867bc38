"""Which sentences the bot has; a placeholder in braces is filled with escaped text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """One language. A text left out of one language is a type error."""

    language: str
    language_name: str
    decimal_mark: str
    thousands_mark: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    second_unit: str
    minute_unit: str
    hour_unit: str
    day_unit: str
    some_days: str

    # People who are not admitted, and admission
    private: str
    welcome: str
    password_not_deleted: str

    # Help and menus
    help_intro: str
    help_status: str
    help_chart: str
    help_uptime: str
    help_start: str
    help_language: str
    help_leave: str
    help_help: str
    which_language: str
    language_changed: str
    leave_sure: str
    leave_yes: str
    left: str
    unknown_command: str
    refresh: str
    which_site: str
    no_sites: str
    unknown_site: str
    unknown_span: str

    # Status
    live: str
    recent: str
    stale: str
    never: str
    never_chart: str
    old_value: str
    charging: str
    discharging: str
    idle: str
    voltage: str
    current: str
    temperature: str
    limits: str
    charge_limit: str
    discharge_limit: str
    charge_blocked: str
    discharge_blocked: str
    no_alarms: str
    alarms_unknown: str
    since: str
    severities: Mapping[str, str]
    items: Mapping[str, str]
    no_battery: str

    # Chart
    last_hours: str
    last_days: str
    current_panel: str
    series: Mapping[str, str]
    soc_range: str
    no_data: str
    drawing_failed: str
    drawing_busy: str
    year: str
    last_year: str

    # Uptime
    uptime_title: str
    uptime_line: str
    uptime_unknown: str
    no_gaps: str
    gaps: str
    gap_line: str
    gap_still: str
    more_gaps: str
    unknown_reason: str
    reasons: Mapping[str, str]

    # Choosing a site, and what is said beside every answer
    help_sites: str
    other_site: str
    site_chosen: str
    live_paused: str
    heard_never: str

    # Alarms
    help_alarms: str
    alarms_title: str
    alarms_none: str
    alarms_more: str
    alarm_raised: str
    alarm_count: str
    alarm_acknowledged: str
    alarm_snoozed: str
    alarm_escalated: str
    alarm_cleared: str
    alarm_gone: str
    alarm_over: str
    alarm_told: str
    alarm_told_none: str
    alarm_changes: Mapping[str, str]
    acknowledge: str
    snooze: str
    acknowledged_done: str
    snoozed_done: str

    # Loads
    help_loads: str
    loads_title: str
    no_loads: str
    load_on: str
    load_off: str
    load_unknown: str
    load_run: str
    load_stop: str
    load_run_sure: str
    load_stop_sure: str
    load_stop_yes: str
    load_states: Mapping[str, str]
    load_asked_run: str
    load_asked_stop: str
    load_gone: str
    cancel: str
    question_old: str

    # Data plan
    help_data: str
    data_title: str
    data_none: str
    data_month: str
    data_no_plan: str
    data_until: str
    data_forecast: str
    data_over: str
    data_today: str
    data_mode: str
    data_modes: Mapping[str, str]
    data_live: str
    data_live_paused: str
    data_parts: str
    data_purposes: Mapping[str, str]
    data_told: str

    # Report
    help_report: str
    report_day: str
    report_week: str
    no_report: str

    # Who may act
    not_permitted: str
    only_known: str

    # Trouble
    server_unreachable: str
    server_refuses: str
    server_broken: str
    server_busy: str
    site_gone: str
