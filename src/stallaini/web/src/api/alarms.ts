import { change } from "./client.ts";
import type { Alarm } from "./types.ts";

const path = (id: string): string => `/alarms/${encodeURIComponent(id)}`;

/** Say that one takes care of an alarm. */
export const acknowledge = (id: string): Promise<Alarm> => change("POST", `${path(id)}/ack`);

/** Silence an alarm for so many minutes. */
export const snooze = (id: string, minutes: number): Promise<Alarm> => change("POST", `${path(id)}/snooze`, { minutes });
