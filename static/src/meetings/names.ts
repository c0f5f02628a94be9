import { say } from "./messages.ts";

const NAMED = 3;

/** "Awa", "Awa et Bruno", "Awa, Bruno, Chloé et 4 autres". */
export function sayNames(names: readonly string[]): string {
  if (names.length > NAMED) return say("andOthers", { names: names.slice(0, NAMED).join(", "), count: names.length - NAMED });
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : say("and", { names: names.slice(0, -1).join(", "), last });
}

/** A steady colour for a name, one of eight. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 8;
  return sum * 45;
}
