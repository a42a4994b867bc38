"""The titles of alarms in English and Italian, so that no description carries words that both ends know."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Title(NamedTuple):
    """What people read, in both languages."""

    en: str
    it: str


TITLES: Mapping[str, Title] = MappingProxyType(
    {
        "soc_low": Title("Battery low", "Batteria bassa"),
        "soc_very_low": Title("Battery nearly empty", "Batteria quasi scarica"),
        "battery_hot": Title("Battery hot", "Batteria calda"),
        "battery_very_hot": Title("Battery too hot", "Batteria troppo calda"),
        "battery_cold": Title("Battery cold", "Batteria fredda"),
        "battery_very_cold": Title("Battery too cold to charge", "Batteria troppo fredda per la carica"),
        "cells_hot": Title("A cell is hot", "Una cella è calda"),
        "cells_cold": Title("A cell is cold", "Una cella è fredda"),
        "charge_blocked": Title("Battery refuses to charge", "La batteria rifiuta la carica"),
        "discharge_blocked": Title("Battery refuses to discharge", "La batteria rifiuta la scarica"),
        "modules_offline": Title("A battery module is offline", "Un modulo della batteria è scollegato"),
        "load_on_long": Title("{name} has run for long", "{name} in funzione da molto"),
        "heavy_load": Title("Heavy consumption for long", "Consumo elevato da molto"),
        "inverter_overload": Title("Inverter overloaded", "Inverter sovraccarico"),
        "inverter_off": Title("Inverter gives no power", "L'inverter non dà corrente"),
        "inverter_hot": Title("Inverter too hot", "Inverter troppo caldo"),
        "studer_fault": Title("{name} reports a fault", "{name} segnala un guasto"),
        "mppt_fault": Title("Solar charger fault", "Guasto del regolatore solare"),
        "mppt_stopped": Title("Solar charger has stopped", "Regolatore solare fermo"),
        "pv_low": Title("Solar yield far below what the sun gives", "Resa solare molto sotto l'attesa"),
        "generator_running": Title("Generator running", "Generatore in funzione"),
        "generator_not_starting": Title("Generator does not start", "Il generatore non parte"),
        "silent": Title("No data from: {name}", "Nessun dato da: {name}"),
        "clock_unknown": Title("The site does not know the time", "L'impianto non sa che ora è"),
        "plan_short": Title("The data plan will not last", "Il piano dati non basterà"),
        "journal_full": Title("The site's journal is nearly full", "Il registro dell'impianto è quasi pieno"),
        "disk_full": Title("The site's disk is nearly full", "Il disco dell'impianto è quasi pieno"),
        "no_data": Title("No data from the site", "Nessun dato dall'impianto"),
        "clock_wrong": Title("The site's clock is wrong", "L'orologio dell'impianto è sbagliato"),
        "link_budget": Title("Data plan nearly used up", "Piano dati quasi esaurito"),
    }
)
"""By the stem of a rule's name: `silent_battery` is `silent` of the device `battery`.

The last three are rules of the server.
"""

FLAG_CLASSES: Mapping[str, Title] = MappingProxyType(
    {
        "protection": Title("{name} protected itself: {item}", "{name}, protezione: {item}"),
        "alarm": Title("{name}, alarm: {item}", "{name}, allarme: {item}"),
        "warning": Title("{name}, warning: {item}", "{name}, avviso: {item}"),
    }
)

FLAG_ITEMS: Mapping[str, Title] = MappingProxyType(
    {
        "over_voltage": Title("over-voltage", "sovratensione"),
        "under_voltage": Title("under-voltage", "sottotensione"),
        "over_temperature": Title("over-temperature", "sovratemperatura"),
        "under_temperature": Title("under-temperature", "sottotemperatura"),
        "discharge_over_current": Title("over-current in discharge", "sovracorrente in scarica"),
        "charge_over_current": Title("over-current in charge", "sovracorrente in carica"),
        "discharge_over_temperature": Title("over-temperature in discharge", "sovratemperatura in scarica"),
        "charge_over_temperature": Title("over-temperature in charge", "sovratemperatura in carica"),
        "cell_under_voltage": Title("cell under-voltage", "sottotensione di una cella"),
        "system_error": Title("system error", "errore di sistema"),
        "general": Title("general", "generale"),
        "high_voltage": Title("high voltage", "tensione alta"),
        "low_voltage": Title("low voltage", "tensione bassa"),
        "cell_high_voltage": Title("high cell voltage", "tensione di cella alta"),
        "cell_low_voltage": Title("low cell voltage", "tensione di cella bassa"),
        "high_temperature": Title("high temperature", "temperatura alta"),
        "low_temperature": Title("low temperature", "temperatura bassa"),
        "high_temperature_charge": Title("high temperature while charging", "temperatura alta in carica"),
        "low_temperature_charge": Title("low temperature while charging", "temperatura bassa in carica"),
        "high_current": Title("high current", "corrente alta"),
        "high_charge_current": Title("high charge current", "corrente di carica alta"),
        "charge_high_current": Title("high charge current", "corrente di carica alta"),
        "discharge_high_current": Title("high discharge current", "corrente di scarica alta"),
        "contactor": Title("contactor", "contattore"),
        "short_circuit": Title("short circuit", "cortocircuito"),
        "bms_internal": Title("BMS internal fault", "guasto interno del BMS"),
        "internal_communication": Title("internal communication failed", "comunicazione interna interrotta"),
        "cell_imbalance": Title("cells out of balance", "celle sbilanciate"),
        "cell_failure": Title("cell failure", "guasto di una cella"),
        "unknown": Title("unknown bit", "bit sconosciuto"),
    }
)


def flag_title(field: str, device_title: str) -> Title:
    """The title of a trouble flag's alarm, such as of the field `alarm.high_voltage` of `Battery`."""
    kind, _, item = field.partition(".")
    plain = item.replace("_", " ")
    words = FLAG_ITEMS.get(item, Title(plain, plain.replace("module", "modulo")))
    frame = FLAG_CLASSES[kind]
    return Title(
        frame.en.format(name=device_title, item=words.en), frame.it.format(name=device_title, item=words.it)
    )


def rule_title(rule: str, titles: Mapping[str, str]) -> Title | None:
    """The title of a standard rule; `titles` are those of devices and loads by name. None: no such rule.

    Of a rule that several devices have, all but the first end with the device's name, which is told then.
    """
    stem = next((stem for stem in sorted(TITLES, key=len, reverse=True) if _is_of(rule, stem)), None)
    if stem is None:
        return None
    owner = rule[len(stem) + 1 :]
    name, title = titles.get(owner, owner), TITLES[stem]
    if "{name}" in title.en:
        return Title(title.en.format(name=name), title.it.format(name=name))
    return Title(f"{title.en} ({name})", f"{title.it} ({name})") if owner else title


def _is_of(rule: str, stem: str) -> bool:
    return rule == stem or rule.startswith(stem + "_")
