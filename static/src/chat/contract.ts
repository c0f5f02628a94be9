/** What the server says of channels and messages; `suite/chat/payloads.py` and `suite/chat/api/views.py` are the source. */
export type ChannelKind = "meeting" | "channel" | "direct";

export interface ChannelLine {
  id: string;
  kind: ChannelKind;
  title: string;
  /** ISO 8601; null where nothing was written. */
  last_message_at: string | null;
  unread: number;
  other_user_id: string | null;
}

export interface ChannelInfo extends ChannelLine {
  people: readonly { id: string; name: string; role: string }[];
  may_write: boolean;
  may_bring_in: boolean;
  last_read_id: string | null;
}

export interface Message {
  /** UUIDv7: ids sort by the order of writing. */
  id: string;
  author: { name: string; user_id: string | null; participation_id: string | null };
  body: string;
  at: string;
  ref: string;
}

export interface MessagePage {
  messages: readonly Message[];
  more: boolean;
}

/** What the chat's socket says. */
export type Heard =
  | { type: "channels"; channels: readonly ChannelLine[] }
  | { type: "channel"; channel: ChannelLine }
  | { type: "channel_gone"; channel_id: string }
  | { type: "message"; channel_id: string; message: Message }
  | { type: "read"; channel_id: string; message_id: string };

const KINDS: ReadonlySet<unknown> = new Set(["channels", "channel", "channel_gone", "message", "read"]);

export function isHeard(value: unknown): value is Heard {
  return typeof value === "object" && value !== null && "type" in value && KINDS.has(value.type);
}
