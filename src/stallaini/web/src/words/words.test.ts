import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { en } from "./en.ts";
import { age, dayInMonth, humanise, number, planSize, powerParts, size, withUnit } from "./format.ts";
import { it, itNames } from "./it.ts";
import { itStates } from "./itStates.ts";
import { auditTexts } from "./pages/audit.ts";
import { siteTexts } from "./pages/site.ts";

const DEVICES = new URL("../../../devices/", import.meta.url);

/** The manifests of all kinds of device. */
function manifests(): string[] {
  const folders = readdirSync(DEVICES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap((folder) => {
    try {
      return [readFileSync(new URL(`${folder.name}/manifest.toml`, DEVICES), "utf8")];
    } catch {
      return []; // a folder of shared code
    }
  });
}

/** Every field that a device's manifest declares; of a flag such as alarm.low_voltage its item. */
function declaredFields(): string[] {
  return manifests().flatMap((text) => [...text.matchAll(/field = "(?:\w+\.)?(\w+)"/g)].map((match) => match[1]!));
}

/** What the numbers of every declared state mean. */
function declaredStates(): string[] {
  return manifests().flatMap((text) =>
    [...text.matchAll(/states = \{([^}]*)\}/g)].flatMap((match) => [...match[1]!.matchAll(/"([^"]*)"/g)].map((one) => one[1]!)),
  );
}

test("every channel of every device has an Italian name", () => {
  const fields = declaredFields();
  assert.ok(fields.includes("soc"));
  assert.deepEqual([...new Set(fields.filter((field) => itNames[field] === undefined))], []);
});

test("every state of every device has an Italian word", () => {
  const states = declaredStates();
  assert.ok(states.includes("curtailed: voltage"));
  assert.deepEqual([...new Set(states.filter((state) => itStates[state] === undefined))], []);
});

test("every kind of device has a name on the page of the site", () => {
  const kinds = manifests().map((text) => /^name = "(\w+)"/.exec(text)![1]!);
  assert.ok(kinds.includes("can_battery"));
  assert.deepEqual(Object.keys(siteTexts.it.kind).sort(), kinds.sort());
  assert.deepEqual(Object.keys(siteTexts.en.kind).sort(), kinds.sort());
});

test("every deed that the server records is told in words", () => {
  const code = readFileSync(new URL("../../../server/people/audit.py", import.meta.url), "utf8");
  const deeds = [.../Action = Literal\[([^\]]*)\]/.exec(code)![1]!.matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
  assert.ok(deeds.includes("sign-in"));
  assert.deepEqual(Object.keys(auditTexts.en.action).sort(), deeds.sort());
  assert.deepEqual(Object.keys(auditTexts.it.action).sort(), deeds.sort());
});

test("ages grow from seconds to days", () => {
  const ages = [0.4, 59.9, 60, 3_599, 7_200, 200_000];
  assert.deepEqual(ages.map((ageS) => age(en, ageS)), ["0 s ago", "59 s ago", "1 min ago", "59 min ago", "2 h ago", "2 days ago"]);
  assert.equal(age(it, 3_700), "1 ora fa");
});

test("numbers follow the language, and minus is a true minus", () => {
  assert.equal(number("en-GB", -1234.5, 1), "−1,234.5");
  assert.equal(number("it-IT", 12345.6, 1, true), "+12.345,6");
  assert.equal(number("en-GB", -0.004, 1), "0.0");
  assert.equal(withUnit("it-IT", 21.4, "degC"), "21,4\u00a0°C");
});

test("large power is told in kilowatts", () => {
  assert.deepEqual(powerParts("en-GB", 9_999), { value: "9,999", unit: "W" });
  assert.deepEqual(powerParts("en-GB", 12_345), { value: "12.3", unit: "kW" });
});

test("a field nobody named still reads like words", () => {
  assert.equal(humanise("cell_over_voltage"), "Cell over voltage");
});

test("bytes are told in three digits, in kilobytes or megabytes", () => {
  const told = [0, 850, 81_240, 999_600, 3_410_000, 81_600_000, 200_000_000].map((bytes) => size("en-GB", bytes));
  assert.deepEqual(told.map((each) => each.replace("\u00a0", " ")), ["0 kB", "0.9 kB", "81.2 kB", "1.00 MB", "3.41 MB", "81.6 MB", "200 MB"]);
});

test("a plan is told as it is bought", () => {
  assert.deepEqual([planSize("en-GB", 20e6), planSize("it-IT", 1.5e6)], ["20\u00a0MB", "1,5\u00a0MB"]);
});

test("a day of a month", () => {
  assert.equal(dayInMonth("en-GB", "2026-12-01", -1), "30 Nov");
});
