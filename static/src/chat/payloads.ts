/* Written by `make contracts` from suite.chat.contract: change it there. */

export type ChannelKind = "meeting" | "channel" | "direct";

/** A conversation in the list. */
export interface ChannelLine {
  id: string;
  kind: ChannelKind;
  /** Of a direct one: the other person's name. */
  title: string;
  /** Of a meeting's: when it began. Null of the others. */
  began_at: string | null;
  /** Null where nothing was written. */
  last_message_at: string | null;
  unread: number;
  other_user_id: string | null;
  favourite: boolean;
}

export interface ChannelPerson {
  id: string;
  name: string;
  role: string;
}

/** An open conversation. */
export interface ChannelInfo {
  id: string;
  kind: ChannelKind;
  /** Of a direct one: the other person's name. */
  title: string;
  /** Of a meeting's: when it began. Null of the others. */
  began_at: string | null;
  /** Null where nothing was written. */
  last_message_at: string | null;
  unread: number;
  other_user_id: string | null;
  favourite: boolean;
  people: readonly ChannelPerson[];
  may_write: boolean;
  may_bring_in: boolean;
  may_discard: boolean;
  last_read_id: string | null;
}

/** A person of the house, or somebody in a meeting. */
export interface Author {
  name: string;
  user_id: string | null;
  participation_id: string | null;
}

export interface Message {
  /** UUIDv7: ids sort by the order of writing. */
  id: string;
  author: Author;
  body: string;
  at: string;
  /** The writer's own name for it: the same again is the same message. */
  ref: string;
}

export interface MessagePage {
  messages: readonly Message[];
  more: boolean;
}

export interface ChannelsHeard {
  type: "channels";
  channels: readonly ChannelLine[];
}

export interface ChannelHeard {
  type: "channel";
  channel: ChannelLine;
}

export interface ChannelGoneHeard {
  type: "channel_gone";
  channel_id: string;
}

export interface MessageHeard {
  type: "message";
  channel_id: string;
  message: Message;
}

export interface ReadHeard {
  type: "read";
  channel_id: string;
  message_id: string;
}

export type Heard = ChannelsHeard | ChannelHeard | ChannelGoneHeard | MessageHeard | ReadHeard;

/** The answer to whoever posted through the socket. */
export interface Posted {
  type: "posted";
  channel_id: string;
  message: Message;
}

export interface Refused {
  type: "error";
  code: string;
  message: string;
  ref: string | null;
}

export interface Pong {
  type: "pong";
}

export type Answered = Posted | Refused | Pong;
