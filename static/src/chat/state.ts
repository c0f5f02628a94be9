import type { ChannelInfo, ChannelLine, Heard, Message, MessagePage } from "./contract.ts";

/** Something written here that the server has not confirmed yet. */
export interface Sending {
  ref: string;
  body: string;
  at: string;
  /** Why it did not go; null while it is on its way. */
  failure: string | null;
}

export interface Thread {
  info: ChannelInfo | null;
  messages: readonly Message[];
  /** Whether there are older messages. */
  hasMore: boolean;
  isLoaded: boolean;
  failure: string | null;
  /** The viewer may not read it any more. */
  isGone: boolean;
  sending: readonly Sending[];
  /** The unread line stands after this message; it stays where it was when the channel was opened. */
  readBefore: string | null;
  /** The latest that the viewer is known to have read. */
  readUpTo: string | null;
}

export interface ChatState {
  /** null until the first answer. */
  channels: readonly ChannelLine[] | null;
  threads: Readonly<Record<string, Thread>>;
}

export type ChatAction =
  | { type: "heard"; heard: Heard; viewerId: string }
  | { type: "opened"; info: ChannelInfo; page: MessagePage }
  | { type: "caught up"; channelId: string; page: MessagePage }
  | { type: "older"; channelId: string; page: MessagePage }
  | { type: "failed to open"; channelId: string; failure: string }
  | { type: "info"; info: ChannelInfo }
  | { type: "sending"; channelId: string; sending: Sending }
  | { type: "not sent"; channelId: string; ref: string; failure: string }
  | { type: "posted"; channelId: string; message: Message; viewerId: string }
  | { type: "read"; channelId: string; messageId: string; viewerId: string }
  | { type: "closed"; channelId: string };

export const NOTHING: ChatState = { channels: null, threads: {} };
const NEW_THREAD: Thread = {
  info: null,
  messages: [],
  hasMore: false,
  isLoaded: false,
  failure: null,
  isGone: false,
  sending: [],
  readBefore: null,
  readUpTo: null,
};

export function threadOf(state: ChatState, channelId: string): Thread {
  return state.threads[channelId] ?? NEW_THREAD;
}

/** The chat after `action`. */
export function reduce(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case "heard":
      return hear(state, action.heard, action.viewerId);
    case "opened":
      return inThread(withInfo(state, action.info), action.info.id, (thread) => ({
        ...thread,
        info: action.info,
        messages: merged(thread.messages, action.page.messages),
        sending: unconfirmed(thread, action.page),
        hasMore: action.page.more,
        isLoaded: true,
        failure: null,
        isGone: false,
        // Shown again, it is read before the answer comes: the line stays where it was left.
        readBefore: thread.isLoaded ? thread.readBefore : action.info.last_read_id,
      }));
    case "caught up":
      return inThread(state, action.channelId, (thread) => caughtUp(thread, action.page));
    case "older":
      return inThread(state, action.channelId, (thread) => ({
        ...thread,
        messages: merged(thread.messages, action.page.messages),
        hasMore: action.page.more,
      }));
    case "failed to open":
      return inThread(state, action.channelId, (thread) => ({ ...thread, failure: action.failure }));
    case "info":
      return inThread(withInfo(state, action.info), action.info.id, (thread) => ({ ...thread, info: action.info }));
    case "sending":
      return inThread(state, action.channelId, (thread) => ({
        ...thread,
        // What is tried again keeps its place.
        sending: thread.sending.some(({ ref }) => ref === action.sending.ref)
          ? thread.sending.map((one) => (one.ref === action.sending.ref ? action.sending : one))
          : [...thread.sending, action.sending],
      }));
    case "not sent":
      return inThread(state, action.channelId, (thread) => ({
        ...thread,
        sending: thread.sending.map((one) => (one.ref === action.ref ? { ...one, failure: action.failure } : one)),
      }));
    case "posted":
      return written(state, action.channelId, action.message, action.viewerId);
    case "read":
      return readUp(state, action.channelId, action.messageId, action.viewerId);
    case "closed":
      // What was unread is read by now: the line goes when the channel is left.
      return inThread(state, action.channelId, (thread) => ({ ...thread, readBefore: thread.messages.at(-1)?.id ?? null }));
  }
}

function hear(state: ChatState, heard: Heard, viewerId: string): ChatState {
  switch (heard.type) {
    case "channels":
      return { ...state, channels: sorted(heard.channels) };
    case "channel":
      return withLine(state, heard.channel);
    case "channel_gone": {
      const channels = state.channels?.filter(({ id }) => id !== heard.channel_id) ?? null;
      return { channels, threads: { ...state.threads, [heard.channel_id]: { ...NEW_THREAD, isGone: true } } };
    }
    case "message":
      return written(state, heard.channel_id, heard.message, viewerId);
    case "read":
      return readUp(state, heard.channel_id, heard.message_id, viewerId);
  }
}

/** Read up to a message, here or on another of the viewer's pages. What is read here is told a moment later: an older word is late. */
function readUp(state: ChatState, channelId: string, messageId: string, viewerId: string): ChatState {
  if (messageId < (threadOf(state, channelId).readUpTo ?? "")) return state;
  const lined = withChange(state, channelId, (line) => ({ ...line, unread: unreadAfter(state, channelId, messageId, viewerId) ?? line.unread }));
  return inThread(lined, channelId, (thread) => ({ ...thread, readUpTo: messageId }));
}

/** How many are left after reading up to a message; null where the newer ones are not here to be counted. */
function unreadAfter(state: ChatState, channelId: string, messageId: string, viewerId: string): number | null {
  const thread = state.threads[channelId];
  if (thread?.isLoaded !== true) return 0;
  if (!thread.messages.some(({ id }) => id === messageId)) return null;
  return thread.messages.filter(({ id, author }) => id > messageId && author.user_id !== viewerId).length;
}

function written(state: ChatState, channelId: string, message: Message, viewerId: string): ChatState {
  const isMine = message.author.user_id === viewerId;
  const isKnown = threadOf(state, channelId).messages.some(({ id }) => id === message.id);
  const lined = withChange(state, channelId, (line) => ({
    ...line,
    last_message_at: message.at,
    unread: isMine || isKnown ? line.unread : line.unread + 1,
  }));
  // What was written here before the conversation had come is shown already; the rest comes with it.
  const thread = threadOf(state, channelId);
  if (!thread.isLoaded && !thread.sending.some(({ ref }) => ref === message.ref)) return lined;
  return inThread(lined, channelId, (thread) => ({
    ...thread,
    messages: merged(thread.messages, [message]),
    sending: isMine ? thread.sending.filter(({ ref }) => ref !== message.ref) : thread.sending,
  }));
}

/** After a lost line: the newest page; where it does not reach what is shown, it replaces it. */
function caughtUp(thread: Thread, page: MessagePage): Thread {
  const newest = thread.messages.at(-1);
  const oldest = page.messages[0];
  const reaches = newest === undefined || oldest === undefined || !page.more || oldest.id <= newest.id;
  return {
    ...thread,
    messages: reaches ? merged(thread.messages, page.messages) : page.messages,
    hasMore: reaches ? thread.hasMore : page.more,
    sending: unconfirmed(thread, page),
  };
}

/** What was written here and is not in the page. */
function unconfirmed(thread: Thread, page: MessagePage): readonly Sending[] {
  const refs = new Set(page.messages.map(({ ref }) => ref));
  return thread.sending.filter(({ ref }) => !refs.has(ref));
}

function inThread(state: ChatState, channelId: string, change: (thread: Thread) => Thread): ChatState {
  return { ...state, threads: { ...state.threads, [channelId]: change(threadOf(state, channelId)) } };
}

function withLine(state: ChatState, line: ChannelLine): ChatState {
  const others = (state.channels ?? []).filter(({ id }) => id !== line.id);
  return { ...state, channels: sorted([...others, line]) };
}

/** The line as the server answers it; what was read after that answer was made stays read. */
function withInfo(state: ChatState, info: ChannelInfo): ChatState {
  const { readUpTo } = threadOf(state, info.id);
  const known = state.channels?.find(({ id }) => id === info.id);
  const isOlder = readUpTo !== null && readUpTo > (info.last_read_id ?? "");
  return withLine(state, isOlder && known !== undefined ? { ...info, unread: known.unread } : info);
}

function withChange(state: ChatState, channelId: string, change: (line: ChannelLine) => ChannelLine): ChatState {
  return { ...state, channels: state.channels === null ? null : sorted(state.channels.map((line) => (line.id === channelId ? change(line) : line))) };
}

function sorted(lines: readonly ChannelLine[]): readonly ChannelLine[] {
  return [...lines].sort((one, other) => (other.last_message_at ?? "").localeCompare(one.last_message_at ?? "") || other.id.localeCompare(one.id));
}

function merged(some: readonly Message[], more: readonly Message[]): readonly Message[] {
  const byId = new Map([...some, ...more].map((message) => [message.id, message]));
  return [...byId.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}
