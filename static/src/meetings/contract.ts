/** What the meetings' API and socket say. */
import type { ServerMessage } from "./payloads.ts";

export type * from "./payloads.ts";

/** A message of the server; null for what is none. Its fields are the contract's. */
export function readServerMessage(value: unknown): ServerMessage | null {
  const known = typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
  return known ? (value as ServerMessage) : null;
}
