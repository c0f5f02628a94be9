/** What the server says of channels and messages. */
import type { Heard } from "./payloads.ts";

export type * from "./payloads.ts";

const KINDS: Readonly<Record<Heard["type"], true>> = { channels: true, channel: true, channel_gone: true, message: true, read: true };

/** Whether the page does something with it: answers to a heartbeat, say, it leaves. */
export function isHeard(value: unknown): value is Heard {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && value.type in KINDS;
}
