"""What `/data` says: the site's data plan, what was used of it, and where it will end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from stallaini.bot.api_client import SiteRow
from stallaini.bot.api_doings import Budget
from stallaini.bot.texts import Texts
from stallaini.bot.wording import age, bar, escape, number, size

_PARTS = 3


def budget_card(site: SiteRow, budget: Budget, at: datetime, texts: Texts) -> str:
    """The data plan; `at` is the server's time."""
    lines = [f"<b>{escape(site.title)}</b> · {texts.data_title}", "", *_month_lines(budget, site, at, texts)]
    if budget.today is not None:
        lines.append(texts.data_today.format(used=f"<b>{size(budget.today.used_bytes, texts)}</b>"))
    if budget.month.by_purpose:
        lines.append(texts.data_parts.format(parts=_parts(budget.month.by_purpose, texts)))
    if budget.interval_s:
        mode = escape(texts.data_modes.get(budget.mode, budget.mode))
        lines.append(texts.data_mode.format(time=age(budget.interval_s, texts), mode=mode))
    price = size(budget.live.bytes_per_min, texts)
    live = texts.data_live.format(price=price) if budget.live.allowed else texts.data_live_paused
    told_s = (at - budget.at).total_seconds()
    return "\n".join([*lines, live, "", texts.data_told.format(age=age(told_s, texts))])


def _month_lines(budget: Budget, site: SiteRow, at: datetime, texts: Texts) -> list[str]:
    used = f"<b>{size(budget.month.used_bytes, texts)}</b>"
    if not budget.plan_bytes:
        return [texts.data_no_plan.format(used=used)]
    percent = 100 * budget.month.used_bytes / budget.plan_bytes
    plan = size(budget.plan_bytes, texts)
    lines = [
        "📶 " + bar(percent),
        texts.data_month.format(used=used, plan=plan, percent=number(percent, 1, texts)),
    ]
    forecast = budget.forecast_bytes
    if forecast is not None:
        over = forecast > budget.plan_bytes
        said = (texts.data_over if over else texts.data_forecast).format(forecast=size(forecast, texts))
        lines.append(("⚠️ " if over else "") + said)
    if budget.month.end is not None:
        today = at.astimezone(ZoneInfo(site.timezone)).date()
        lines.append(texts.data_until.format(days=(budget.month.end - today).days))
    return lines


def _parts(by_purpose: Mapping[str, int], texts: Texts) -> str:
    largest = sorted(by_purpose.items(), key=lambda part: -part[1])[:_PARTS]
    return ", ".join(
        f"{escape(texts.data_purposes.get(purpose, purpose))} {size(used, texts)}"
        for purpose, used in largest
        if used
    )
