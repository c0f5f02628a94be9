/* Written by `make contracts` from suite.meetings.contract: change it there. */

export interface ChatMessage {
  /** UUIDv7: ids sort by the order of writing. */
  id: string;
  author: Author;
  body: string;
  at: string;
  /** The writer's own name for it: the same again is the same message. */
  ref: string;
}

export type Agreement = "none" | "asked" | "agreed" | "declined";

export type MyState = "waiting" | "admitted" | "left";

export interface Named {
  name: string;
}

/** Somebody inside, as the room's page shows them. */
export interface Present {
  name: string;
  /** Which of their devices in the meeting under this name, from 1. */
  device: number;
  guest: boolean;
}

/** What may be known before joining. */
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
  /** Whether a moderator took one out of the meeting that is going on. */
  removed: boolean;
  /** Who else is inside; null for those who may not know. */
  present: readonly Present[] | null;
  /** Whether one is in the meeting already, in another window or on another device. */
  inside: boolean;
  meeting_id: string | null;
  /** The signed-in person; null: a guest, who gives a name. */
  me: Named | null;
  host_present: boolean;
}

/** What a device needs to go on. */
export interface JoinAnswer {
  state: "admitted" | "waiting";
  participation_id: string;
  meeting_id: string;
  /** The path of the meeting's socket. */
  socket: string;
  /** The media server's address, once admitted. */
  url?: string;
  /** What it asks for. */
  token?: string;
}

export interface MediaToken {
  url: string;
  token: string;
}

export interface Person {
  participation_id: string;
  name: string;
  /** Which of their devices in the meeting under this name, from 1. */
  device: number;
  guest: boolean;
  shared_microphone: boolean;
}

export interface WaitingPerson {
  participation_id: string;
  name: string;
  since: string;
}

export interface Transcription {
  active: boolean;
  started_at: string | null;
  started_by: string | null;
  /** How long the sound is kept. */
  sound_days: number;
  /** My own answer. */
  agreement: Agreement;
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
  state: MyState;
  can_moderate: boolean;
  guest: boolean;
  /** The account, whichever device it comes from; null: a guest. */
  user_id: string | null;
}

/** The first word, and again when everything may have changed. */
export interface StateMessage {
  type: "state";
  meeting: MeetingView;
  me: Me;
  waiting: readonly WaitingPerson[];
  people: readonly Person[];
  /** Null at the door. */
  transcription: Transcription | null;
  messages: readonly ChatMessage[];
}

export interface AdmittedMessage {
  type: "admitted";
  url: string;
  token: string;
}

export interface PlainMessage {
  type: "entry_refused" | "removed" | "ended" | "pong";
}

export interface WaitingMessage {
  type: "waiting";
  waiting: readonly WaitingPerson[];
}

export interface PeopleMessage {
  type: "people";
  people: readonly Person[];
}

export interface TranscriptionMessage {
  type: "transcription";
  transcription: Transcription;
}

export interface WrittenMessage {
  type: "message";
  message: ChatMessage;
}

export interface MutedMessage {
  type: "muted";
  by: string;
}

export interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  /** Of the message that was not taken. */
  ref?: string;
}

export type ServerMessage =
  | StateMessage
  | AdmittedMessage
  | PlainMessage
  | WaitingMessage
  | PeopleMessage
  | TranscriptionMessage
  | WrittenMessage
  | MutedMessage
  | ErrorMessage;

export interface WriteVerb {
  type: "message";
  body: string;
  ref: string;
}

/** Read up to a message, in Messages too; nothing of a guest's is kept. */
export interface ReadVerb {
  type: "read";
  message_id: string;
  /** For the answer, where it is refused. */
  ref: string;
}

export interface RenameVerb {
  type: "rename";
  name: string;
}

export interface PersonVerb {
  type: "admit" | "refuse" | "mute" | "remove";
  participation_id: string;
}

export interface PlainVerb {
  type: "leave" | "admit_all" | "end_for_all" | "transcription_start" | "transcription_stop" | "agree" | "decline";
}

export type ClientMessage = WriteVerb | ReadVerb | RenameVerb | PersonVerb | PlainVerb;

/** A person of the house, or somebody in a meeting. */
export interface Author {
  name: string;
  user_id: string | null;
  participation_id: string | null;
}
