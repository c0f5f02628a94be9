/** What the meetings' API and socket say: the contract with `suite/meetings`. Times are ISO 8601. */
export interface RoomView {
  id: string;
  slug: string;
  title: string;
  organization: string;
  entry: "organization" | "everyone";
  open: boolean;
  /** Whether one comes in without asking. */
  may_enter: boolean;
  can_moderate: boolean;
  /** Who is inside; null for those who may not know. */
  present: readonly { name: string; guest: boolean }[] | null;
  meeting_id: string | null;
  /** The signed-in person; null: a guest, who gives a name. */
  me: { name: string } | null;
  host_present: boolean;
}

export interface JoinAnswer {
  state: "admitted" | "waiting";
  participation_id: string;
  meeting_id: string;
  /** The path of the meeting's socket. */
  socket: string;
  /** The media server's address and the token for it, once admitted. */
  url?: string;
  token?: string;
}

export interface Person {
  participation_id: string;
  name: string;
  guest: boolean;
  shared_microphone: boolean;
}

export interface WaitingPerson {
  participation_id: string;
  name: string;
  since: string;
}

export interface ChatMessage {
  id: string;
  author: { name: string; participation_id: string | null };
  body: string;
  at: string;
}

export interface Transcription {
  active: boolean;
  started_at: string | null;
  started_by: string | null;
  /** My own answer. */
  agreement: "none" | "asked" | "agreed" | "declined";
  agreed: readonly string[];
}

export interface MeetingView {
  id: string;
  title: string;
  room_slug: string;
  started_at: string;
}

export interface Me {
  participation_id: string;
  name: string;
  /** `left`: what waited has been given up, one has to ask again. */
  state: "waiting" | "admitted" | "left";
  can_moderate: boolean;
  guest: boolean;
}

export interface StateMessage {
  type: "state";
  meeting: MeetingView;
  me: Me;
  waiting: readonly WaitingPerson[];
  people: readonly Person[];
  /** null at the door. */
  transcription: Transcription | null;
  messages: readonly ChatMessage[];
}

export type ServerMessage =
  | StateMessage
  | { type: "admitted"; url: string; token: string }
  | { type: "entry_refused" | "removed" | "ended" | "pong" }
  | { type: "waiting"; waiting: readonly WaitingPerson[] }
  | { type: "people"; people: readonly Person[] }
  | { type: "transcription"; transcription: Transcription }
  | { type: "message"; message: ChatMessage }
  | { type: "muted"; by: string }
  | { type: "error"; code: string; message: string; ref?: string };

export type ClientMessage =
  | { type: "message"; body: string; ref: string }
  | { type: "rename"; name: string }
  | { type: "admit" | "refuse" | "mute" | "remove"; participation_id: string }
  | { type: "leave" | "admit_all" | "end_for_all" | "transcription_start" | "transcription_stop" | "agree" | "decline" };

/** A message of the server; null for what is none. Its fields are the contract's. */
export function readServerMessage(value: unknown): ServerMessage | null {
  const known = typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
  return known ? (value as ServerMessage) : null;
}
