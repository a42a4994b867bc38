import type { Device, Site } from "../api/types.ts";
import { batteries } from "./battery.ts";

/** What a card tells of a kind of device: the state beside its name, its few weightiest values, and a state that is
 * trouble unless it is 0. */
interface Card {
  state?: string;
  trouble?: string;
  facts: string[];
}

const CARDS: Record<string, Card> = {
  studer_variotrack: { state: "mode", trouble: "error", facts: ["power", "energy_today", "voltage", "battery_current"] },
  studer_variostring: { state: "mode", trouble: "error", facts: ["power", "energy_today", "voltage", "battery_current"] },
  studer_xtender: { state: "mode", trouble: "over_temperature", facts: ["ac_power", "energy_consumed_today", "input_power", "ac_voltage"] },
  studer_bms: { facts: ["soc", "power", "charge_current_limit", "discharge_current_limit"] },
  pylontech_rs485: { facts: ["cell_voltage_min", "cell_voltage_max", "cell_temperature_max", "modules"] },
};

/** The devices that have a card of their own beside the batteries', in the order of the site file. */
export function carded(site: Site): { device: Device; card: Card }[] {
  const shown = new Set(batteries(site).map((device) => device.name));
  return site.devices.flatMap((device) => {
    const card = CARDS[device.kind];
    return card === undefined || shown.has(device.name) ? [] : [{ device, card }];
  });
}
