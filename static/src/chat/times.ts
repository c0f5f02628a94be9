import { pageLocale } from "../shared/catalogue.ts";
import { say } from "./messages.ts";

const DAY_MS = 86_400_000;

/** "14:05" */
export function clockOf(at: string): string {
  return new Intl.DateTimeFormat(pageLocale(), { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** "Aujourd’hui", "Hier", "vendredi 20 novembre", with the year where it is another. */
export function dayOf(at: string, now = new Date()): string {
  const date = new Date(at);
  if (date.toDateString() === now.toDateString()) return say("today");
  if (date.toDateString() === new Date(now.getTime() - DAY_MS).toDateString()) return say("yesterday");
  const year = date.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return new Intl.DateTimeFormat(pageLocale(), { weekday: "long", day: "numeric", month: "long", ...year }).format(date);
}

/** "Hier à 14:05" */
export function beganOf(at: string, now = new Date()): string {
  return say("began", { day: dayOf(at, now), time: clockOf(at) });
}

/** The exact time, for whoever hovers. */
export function exactOf(at: string): string {
  return new Intl.DateTimeFormat(pageLocale(), { dateStyle: "full", timeStyle: "medium" }).format(new Date(at));
}

/** In a list: the time today, the day before. */
export function shortOf(at: string, now = new Date()): string {
  const date = new Date(at);
  if (date.toDateString() === now.toDateString()) return clockOf(at);
  return new Intl.DateTimeFormat(pageLocale(), { day: "numeric", month: "short" }).format(date);
}
