import { computed, signal } from "@preact/signals";

import { en, enNames, type Words } from "./en.ts";
import { humanise } from "./format.ts";
import { it, itNames } from "./it.ts";
import { itStates } from "./itStates.ts";

export type Language = "en" | "it";

const WORDS: Record<Language, Words> = { en, it };
const NAMES: Record<Language, Record<string, string>> = { en: enNames, it: itNames };
const STATES: Record<Language, Record<string, string>> = { en: {}, it: itStates };
const KEPT_AS = "stallaini.language";

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null; // a browser that keeps nothing still shows the page
  }
}

function initial(): Language {
  const wished = kept() ?? navigator.language;
  return wished.startsWith("it") ? "it" : "en";
}

/** How each language writes numbers, days and the 24-hour clock. */
const LOCALES: Record<Language, string> = { en: "en-GB", it: "it-IT" };

export const LANGUAGES: Language[] = ["en", "it"];
export const language = signal<Language>(initial());
document.documentElement.lang = language.value;

export function speak(chosen: Language): void {
  language.value = chosen;
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem(KEPT_AS, chosen);
  } catch {
    // see kept()
  }
}

export const locale = computed(() => LOCALES[language.value]);

/** The texts of the language in use. */
export const words = (): Words => WORDS[language.value];

export const wordsOf = (chosen: Language): Words => WORDS[chosen];

/** A channel field or an alarm item in words. */
export const nameOf = (field: string): string => NAMES[language.value][field] ?? humanise(field);

/** What the server says a state means, in the language in use. */
export const stateOf = (said: string): string => STATES[language.value][said] ?? said;

/** The texts of one page in the language in use; they come with the page's own code. */
export const chosen = <Texts>(texts: Record<Language, Texts>): Texts => texts[language.value];
