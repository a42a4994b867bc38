"""`/chart`: curves of a site, whose span and series are chosen by buttons below the picture itself."""

from __future__ import annotations

import asyncio

from stallaini.bot.api_client import Now, Site, SiteRow
from stallaini.bot.asking import Ask, Button
from stallaini.bot.cards import age_line, battery_device, chart_caption, present_value, stale_line
from stallaini.bot.picture import Curve, compose, offered, picked, points, toggled
from stallaini.bot.talk import Rows, Talk
from stallaini.bot.texts import Texts
from stallaini.bot.wording import Span, escape, read_span

SPANS = (Span(3, "h"), Span(2, "d"), Span(30, "d"), Span(365, "d"))
_FIRST_SPAN = SPANS[1]
_SERIES_A_ROW = 3
# Between the span and the letters of the series in a button.
_AND = "~"


async def chart(talk: Talk) -> None:
    """`/chart [SITE] [SPAN]`, and the buttons below a picture, which redraw it."""
    name, wanted = site_and_span(talk.ask)
    row = await talk.pick_site(name, span=wanted)
    if row is None:
        return
    code, _, letters = wanted.partition(_AND)
    span = read_span(code) if code else _FIRST_SPAN
    if span is None:
        text = talk.texts.unknown_span.format(span=escape(wanted))
        await talk.say(f"<b>{escape(row.title)}</b>\n{text}", [_span_buttons(row, None, letters, talk.texts)])
        return
    await talk.tools.chatter.busy(talk.ask.chat_id)
    site, now = await asyncio.gather(talk.api.site(row.site), talk.api.now(row.site))
    curves = offered(site, battery_device(series.channel for series in site.series))
    if not curves or now.age_s is None:
        await talk.say(talk.texts.never_chart.format(title=escape(site.title)))
        return
    shown = picked(curves, letters)
    image, caption = await _draw(talk, row, site, now, span, shown)
    await _deliver(talk, image, caption, buttons(row, span, curves, shown, talk.texts))


async def _deliver(talk: Talk, image: bytes, caption: str, rows: Rows) -> None:
    chatter, chat_id = talk.tools.chatter, talk.ask.chat_id
    if talk.ask.on_picture and talk.ask.button is not None and talk.ask.button.span:
        await chatter.redraw(chat_id, talk.ask.message_id, image, caption, rows)
    else:
        await chatter.show(chat_id, image, caption, rows)


async def _draw(
    talk: Talk, row: SiteRow, site: Site, now: Now, span: Span, curves: list[Curve]
) -> tuple[bytes, str]:
    """The picture and its caption."""
    texts = talk.texts
    series = await asyncio.gather(
        *(
            talk.api.series(row.site, curve.channel, now.at - span.length, now.at, points(span))
            for curve in curves
        )
    )
    shown = [
        (curve.kind, one, present_value(now, curve.channel))
        for curve, one in zip(curves, series, strict=True)
    ]
    stale = stale_line(row, now, texts)
    picture = compose(site, span, now.at, shown, stale, texts)
    caption = chart_caption(picture, shown, texts)
    if stale is None:
        caption += "\n" + age_line(row, now, texts)
    return await talk.tools.drawer.draw(picture), caption


def buttons(row: SiteRow, span: Span, curves: list[Curve], shown: list[Curve], texts: Texts) -> Rows:
    """The spans, and below them the series, each to be shown or no longer; what is shown has a mark."""
    letters = "".join(curve.kind.code for curve in shown)
    series = []
    for curve in curves:
        mark = "✓ " if curve in shown else ""
        state = span.code + _AND + toggled(shown, curve.kind.code)
        series.append((mark + texts.series[curve.kind.style], Button("chart", row.site, state)))
    rows = [series[start : start + _SERIES_A_ROW] for start in range(0, len(series), _SERIES_A_ROW)]
    return [_span_buttons(row, span, letters, texts), *rows]


def _span_buttons(
    row: SiteRow, now_shown: Span | None, letters: str, texts: Texts
) -> list[tuple[str, Button]]:
    after = _AND + letters if letters else ""
    return [
        (("• " if one == now_shown else "") + one.said(texts), Button("chart", row.site, one.code + after))
        for one in SPANS
    ]


def site_and_span(ask: Ask) -> tuple[str, str]:
    """What `/chart` names: `/chart`, `/chart 2d`, `/chart noto`, `/chart noto 2 days`, or a button's own."""
    if ask.button is not None:
        return ask.button.site, ask.button.span
    words = ask.words
    for count in (2, 1):
        tail = " ".join(words[-count:])
        if len(words) >= count and (read_span(tail) is not None or tail[:1].isdigit()):
            return " ".join(words[:-count]), tail
    return " ".join(words), ""
