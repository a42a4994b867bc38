"""Every sentence the bot says, in each language; a placeholder in braces is filled with escaped text."""

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
    which_span: str
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
    state_of_charge: str
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
    soc_range: str
    no_data: str
    drawing_failed: str

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

    # Trouble
    server_unreachable: str
    server_refuses: str
    server_broken: str
    server_busy: str
    site_gone: str


EN = Texts(
    language="en",
    language_name="English",
    decimal_mark=".",
    thousands_mark=",",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    second_unit="s",
    minute_unit="min",
    hour_unit="h",
    day_unit="d",
    some_days="{count} days",
    private=(
        "This bot is private. If you have an invitation or its password, send /start and the code or "
        "the password (after several wrong ones, wait a while)."
    ),
    welcome="Welcome! This chat may now look at {sites}.",
    password_not_deleted="I could not delete your message with the secret. Please delete it yourself.",
    help_intro="I show how an energy site is doing. What you can ask:",
    help_status="how the battery is right now",
    help_chart="a picture of current, charge and temperature; also /chart 2d",
    help_uptime="gaps in the data of the last 7 and 30 days",
    help_start="with an invitation's code or the password: let this chat in",
    help_language="the language I speak with you",
    help_leave="forget this chat",
    help_help="this list",
    unknown_command="I do not know that one. /help lists what I know.",
    which_language="Which language shall I speak?",
    language_changed="I speak English from now on.",
    leave_sure="Shall I forget this chat? To come back you need an invitation or the password.",
    leave_yes="Yes, forget it",
    left="This chat is forgotten. Goodbye!",
    refresh="Refresh",
    which_site="Which site?",
    which_span="How far back?",
    no_sites="There is no site that you may look at yet.",
    unknown_site="I know no site “{name}”. Choose one:",
    unknown_span="I do not understand “{span}”. Write for example 3h, 2d or 30d, or choose:",
    live="live, {age} old",
    recent="{age} old",
    stale="STALE: these data are {age} old (from {when})",
    never="{title} has never sent anything yet.",
    never_chart="There is nothing to draw of {title} yet.",
    old_value="{age} old",
    state_of_charge="State of charge",
    charging="Charging with {power} W",
    discharging="Discharging with {power} W",
    idle="Neither charging nor discharging",
    voltage="Voltage",
    current="Current",
    temperature="Temperature",
    limits="The battery allows:",
    charge_limit="charge up to {current} and {voltage}",
    discharge_limit="discharge up to {current}, down to {voltage}",
    charge_blocked="The battery does not allow charging",
    discharge_blocked="The battery does not allow discharging",
    no_alarms="No alarm raised",
    alarms_unknown="Alarms: none reported",
    since="since {when}",
    severities={"protection": "PROTECTION", "alarm": "Alarm", "warning": "Warning"},
    items={
        "bms_internal": "BMS internal fault",
        "internal_communication": "internal communication failed",
        "high_temperature_charge": "high temperature while charging",
        "low_temperature_charge": "low temperature while charging",
    },
    no_battery="This site reports no battery.",
    last_hours="last {count} h",
    last_days="last {count} days",
    current_panel="Current (+ charging)",
    soc_range="between {low} and {high} %",
    no_data="no data",
    drawing_failed="The picture could not be drawn; the bot's log says why.",
    uptime_title="Data completeness",
    uptime_line="Last {days} days: <b>{percent} %</b> ({present} of {expected} minutes)",
    uptime_unknown="Last {days} days: nothing was expected yet",
    no_gaps="No gap.",
    gaps="Gaps of the last {days} days, newest first:",
    gap_line="{start} – {end} ({length}): {reason}",
    gap_still="now",
    more_gaps="… and {count} more, {length} together",
    unknown_reason="reason not known",
    reasons={},
    server_unreachable=(
        "I cannot reach the server right now, so I have nothing to show. Please try again in a few minutes."
    ),
    server_refuses="The server does not accept this bot's token. Whoever runs the bot has to mend that.",
    server_broken="The server failed at this request and I have nothing to show. Its log says why.",
    site_gone="The server does not know that site any more.",
    server_busy="The server is busy. Please try again in {age}.",
)

IT = Texts(
    language="it",
    language_name="Italiano",
    decimal_mark=",",
    thousands_mark=".",
    weekdays=("lun", "mar", "mer", "gio", "ven", "sab", "dom"),
    months=("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"),
    second_unit="s",
    minute_unit="min",
    hour_unit="h",
    day_unit="g",
    some_days="{count} giorni",
    private=(
        "Questo bot è privato. Se hai un invito o la password, scrivi /start e il codice o la password "
        "(dopo diversi tentativi sbagliati aspetta un po')."
    ),
    welcome="Benvenuto! Questa chat ora può guardare {sites}.",
    password_not_deleted="Non sono riuscito a cancellare il messaggio con il segreto: cancellalo tu.",
    help_intro="Mostro come sta un impianto. Ecco cosa puoi chiedere:",
    help_status="come sta la batteria adesso",
    help_chart="un grafico di corrente, carica e temperatura; anche /chart 2d",
    help_uptime="i buchi nei dati degli ultimi 7 e 30 giorni",
    help_start="con il codice di un invito o la password: fa entrare questa chat",
    help_language="la lingua in cui ti parlo",
    help_leave="dimentica questa chat",
    help_help="questo elenco",
    unknown_command="Questo comando non lo conosco. /help elenca quelli che conosco.",
    which_language="In quale lingua devo parlare?",
    language_changed="D'ora in poi parlo italiano.",
    leave_sure="Devo dimenticare questa chat? Per tornare servono un invito o la password.",
    leave_yes="Sì, dimenticala",
    left="Questa chat è dimenticata. Arrivederci!",
    refresh="Aggiorna",
    which_site="Quale impianto?",
    which_span="Quanto indietro?",
    no_sites="Non c'è ancora nessun impianto che puoi guardare.",
    unknown_site="Non conosco nessun impianto «{name}». Scegline uno:",
    unknown_span="Non capisco «{span}». Scrivi per esempio 3h, 2d o 30d, oppure scegli:",
    live="dal vivo, di {age} fa",
    recent="di {age} fa",
    stale="DATI VECCHI: sono di {age} fa ({when})",
    never="{title} non ha ancora mandato nulla.",
    never_chart="Di {title} non c'è ancora nulla da disegnare.",
    old_value="di {age} fa",
    state_of_charge="Stato di carica",
    charging="In carica con {power} W",
    discharging="In scarica con {power} W",
    idle="Né in carica né in scarica",
    voltage="Tensione",
    current="Corrente",
    temperature="Temperatura",
    limits="La batteria permette:",
    charge_limit="carica fino a {current} e {voltage}",
    discharge_limit="scarica fino a {current}, non sotto {voltage}",
    charge_blocked="La batteria non permette la carica",
    discharge_blocked="La batteria non permette la scarica",
    no_alarms="Nessun allarme",
    alarms_unknown="Allarmi: nessuno segnalato",
    since="da {when}",
    severities={"protection": "PROTEZIONE", "alarm": "Allarme", "warning": "Avviso"},
    items={
        "over_voltage": "sovratensione",
        "under_voltage": "sottotensione",
        "over_temperature": "sovratemperatura",
        "under_temperature": "sottotemperatura",
        "discharge_over_current": "sovracorrente in scarica",
        "charge_over_current": "sovracorrente in carica",
        "system_error": "errore di sistema",
        "general": "generale",
        "high_voltage": "tensione alta",
        "low_voltage": "tensione bassa",
        "high_temperature": "temperatura alta",
        "low_temperature": "temperatura bassa",
        "high_temperature_charge": "temperatura alta in carica",
        "low_temperature_charge": "temperatura bassa in carica",
        "high_current": "corrente alta",
        "high_charge_current": "corrente di carica alta",
        "discharge_high_current": "corrente di scarica alta",
        "charge_high_current": "corrente di carica alta",
        "contactor": "contattore",
        "short_circuit": "cortocircuito",
        "bms_internal": "guasto interno del BMS",
        "internal_communication": "comunicazione interna",
        "cell_imbalance": "celle sbilanciate",
        "cell_failure": "guasto di una cella",
        "unknown": "sconosciuto",
    },
    no_battery="Questo impianto non comunica nessuna batteria.",
    last_hours="ultime {count} h",
    last_days="ultimi {count} giorni",
    current_panel="Corrente (+ in carica)",
    soc_range="tra {low} e {high} %",
    no_data="nessun dato",
    drawing_failed="Il grafico non è riuscito; il perché è nel registro del bot.",
    uptime_title="Completezza dei dati",
    uptime_line="Ultimi {days} giorni: <b>{percent} %</b> ({present} minuti su {expected})",
    uptime_unknown="Ultimi {days} giorni: non si aspettava ancora nulla",
    no_gaps="Nessun buco.",
    gaps="Buchi degli ultimi {days} giorni, dal più recente:",
    gap_line="{start} – {end} ({length}): {reason}",
    gap_still="adesso",
    more_gaps="… e altri {count}, in tutto {length}",
    unknown_reason="motivo sconosciuto",
    reasons={"not received yet": "non ancora ricevuto"},
    server_unreachable=(
        "Adesso non riesco a raggiungere il server, quindi non ho nulla da mostrare. "
        "Riprova tra qualche minuto."
    ),
    server_refuses="Il server non accetta il token di questo bot. Deve pensarci chi gestisce il bot.",
    server_broken=(
        "Il server non è riuscito a rispondere e non ho nulla da mostrare. Il perché è nel suo registro."
    ),
    site_gone="Il server non conosce più quell'impianto.",
    server_busy="Il server è occupato. Riprova tra {age}.",
)

LANGUAGES: Mapping[str, Texts] = {"en": EN, "it": IT}


def texts_for(language_code: str | None) -> Texts:
    """The texts for an IETF language tag such as `it-CH`; English where the language is not spoken."""
    return LANGUAGES.get((language_code or "").split("-")[0].lower(), EN)
