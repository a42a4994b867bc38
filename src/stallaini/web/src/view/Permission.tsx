import type { Aged } from "../logic/age.ts";
import { flagOf, numberOf } from "../logic/battery.ts";
import { decimalsOf, withUnit } from "../words/format.ts";
import { locale, words } from "../words/index.ts";

const FIELDS = {
  charge: { enabled: "charge_enabled", current: "charge_current_limit", voltage: "charge_voltage_limit" },
  discharge: { enabled: "discharge_enabled", current: "discharge_current_limit", voltage: "discharge_voltage_limit" },
} as const;

/** What the battery allows one way: whether at all, how much current, and to which voltage. */
export function Permission(props: { way: "charge" | "discharge"; read: (field: string) => Aged }) {
  const text = words();
  const fields = FIELDS[props.way];
  const given = props.read(fields.enabled);
  const enabled = flagOf(given);
  const state = enabled === null ? "unknown" : enabled ? "enabled" : "blocked";
  const word = enabled === null ? text.notReported : enabled ? text.enabled : text.blocked;
  const voltageWord = props.way === "charge" ? text.upTo : text.downTo;
  const limits = [
    limit(props.read(fields.current), "current_limit", text.upTo),
    limit(props.read(fields.voltage), "voltage_limit", voltageWord),
  ].filter((each) => each !== null);
  return (
    <div class="permission" data-state={state} data-quality={given.quality}>
      <p class="permission-title">
        <PermissionIcon state={state} />
        <span>{text[props.way]} <b>{word}</b></span>
      </p>
      <p class="permission-limits">{limits.length === 0 ? "\u00a0" : limits.join(", ")}</p>
    </div>
  );
}

function limit(given: Aged, quantity: string, wording: (value: string) => string): string | null {
  const value = numberOf(given);
  if (value === null) return null;
  return wording(withUnit(locale.value, value, given.unit, decimalsOf(given.unit, quantity)));
}

function PermissionIcon(props: { state: string }) {
  const path = props.state === "enabled" ? "m5.500 10.500 3 3 6-7" : props.state === "blocked" ? "m6.500 6.500 7 7m0-7-7 7" : "M6 10h8";
  return <svg class="permission-icon" viewBox="0 0 20 20" aria-hidden="true"><path d={path} /></svg>;
}
