import type { ChatMessage, JoinAnswer, Me, MeetingView, Person, ServerMessage, Transcription, WaitingPerson } from "./contract.ts";

/** Why one is no longer in the meeting. */
export type Ending = "left" | "cancelled" | "ended" | "removed" | "refused" | "deactivated" | "lost" | "full";

/** What needs me, as one quiet message. */
export type Notice =
  | { kind: "muted"; by: string }
  | { kind: "refusal"; sentence: string }
  | { kind: "waiting"; names: readonly string[] }
  | { kind: "written"; author: string; body: string }
  | { kind: "came" | "went"; name: string };

/** What one wrote, until the server has it. */
export interface Sending {
  ref: string;
  body: string;
  /** Why the server did not take it; null while it is on its way. */
  failure: string | null;
}

export interface Entry {
  url: string;
  token: string;
}

/** A meeting as its page knows it: the server's state, kept up by its messages. */
export interface Session {
  meeting: MeetingView | null;
  me: Me | null;
  /** Set once admitted. */
  entry: Entry | null;
  waiting: readonly WaitingPerson[];
  people: readonly Person[];
  /** Who went a moment ago: told once they have been away for a while, as a line that is lost brings most people back. */
  parting: readonly Person[];
  transcription: Transcription;
  messages: readonly ChatMessage[];
  sending: readonly Sending[];
  ending: Ending | null;
  notice: Notice | null;
}

export const NO_TRANSCRIPTION: Transcription = { active: false, started_at: null, started_by: null, sound_days: 0, agreement: "none", agreed: [] };

/** The session right after the door's answer, before the socket's first word. */
export function openSession(answer: JoinAnswer): Session {
  return {
    meeting: null,
    me: null,
    entry: answer.url !== undefined && answer.token !== undefined ? { url: answer.url, token: answer.token } : null,
    waiting: [],
    people: [],
    parting: [],
    transcription: NO_TRANSCRIPTION,
    messages: [],
    sending: [],
    ending: null,
    notice: null,
  };
}

export type SessionEvent =
  | ServerMessage
  | { type: "over"; ending: Ending }
  | { type: "parted"; participation_id: string }
  | { type: "wrote"; ref: string; body: string }
  | { type: "notice_seen" };

/** The session after `event`. State and messages give the same session as a fresh state. */
export function nextSession(session: Session, event: SessionEvent): Session {
  switch (event.type) {
    case "state":
      return {
        ...session,
        meeting: event.meeting,
        me: event.me,
        waiting: event.waiting,
        people: event.people,
        parting: session.parting.filter(isNotAmong(event.people)),
        transcription: event.transcription ?? NO_TRANSCRIPTION,
        messages: event.messages,
        sending: unconfirmed(session, event.messages),
        ending: event.me.state === "left" ? (session.ending ?? "lost") : session.ending,
      };
    case "admitted":
      // Told again to who lost the line as the door opened: the first token stays, so that nobody joins twice.
      return { ...session, entry: session.entry ?? { url: event.url, token: event.token }, me: session.me && { ...session.me, state: "admitted" } };
    case "waiting":
      return { ...session, waiting: event.waiting, notice: noticeOfWaiting(session, event.waiting) };
    case "people":
      return withPeople(session, event.people);
    case "parted":
      return withParted(session, event.participation_id);
    case "transcription":
      return { ...session, transcription: event.transcription };
    case "message":
      return addMessage(session, event.message);
    case "wrote":
      return { ...session, sending: [...session.sending.filter(({ ref }) => ref !== event.ref), { ref: event.ref, body: event.body, failure: null }] };
    case "muted":
      return { ...session, notice: { kind: "muted", by: event.by } };
    case "error":
      // A request at the door is not told of the end otherwise.
      if (event.code === "meeting_ended") return { ...session, ending: session.ending ?? "ended" };
      // What has a ref is told beside what was written with it; a reading that was refused troubles nobody.
      if (event.ref !== undefined) return withFailure(session, event.ref, event.message);
      return { ...session, notice: { kind: "refusal", sentence: event.message } };
    case "entry_refused":
      return { ...session, ending: session.ending ?? "refused" };
    case "removed":
    case "ended":
      return { ...session, ending: session.ending ?? event.type };
    case "over":
      return { ...session, ending: session.ending ?? event.ending };
    case "notice_seen":
      return { ...session, notice: null };
    case "pong":
      return session;
    default:
      // A newer server may say more than this page knows.
      return session;
  }
}

function addMessage(session: Session, message: ChatMessage): Session {
  if (session.messages.some(({ id }) => id === message.id)) return session;
  const notice: Notice | null = isMine(session.me, message) ? session.notice : { kind: "written", author: message.author.name, body: message.body };
  return { ...session, messages: [...session.messages, message], sending: unconfirmed(session, [message]), notice };
}

/** Whether I wrote it, now or before I came back. */
export function isMine(me: Me | null, { author }: ChatMessage): boolean {
  if (me === null) return false;
  return author.participation_id === me.participation_id || (me.user_id !== null && author.user_id === me.user_id);
}

/** What I wrote that is not among them. */
function unconfirmed(session: Session, messages: readonly ChatMessage[]): readonly Sending[] {
  const refs = new Set(messages.map(({ ref }) => ref));
  return session.sending.filter(({ ref }) => !refs.has(ref));
}

function withFailure(session: Session, ref: string, failure: string): Session {
  return { ...session, sending: session.sending.map((one) => (one.ref === ref ? { ...one, failure } : one)) };
}

function noticeOfWaiting(session: Session, waiting: readonly WaitingPerson[]): Notice | null {
  const known = new Set(session.waiting.map((one) => one.participation_id));
  const isNew = waiting.some((one) => !known.has(one.participation_id));
  if (isNew) return { kind: "waiting", names: waiting.map(({ name }) => name) };
  if (session.notice?.kind !== "waiting") return session.notice;
  return waiting.length === 0 ? null : { kind: "waiting", names: waiting.map(({ name }) => name) };
}

function withPeople(session: Session, people: readonly Person[]): Session {
  const isNotMe = (one: Person) => one.participation_id !== session.me?.participation_id;
  const went = session.people.filter(isNotAmong(people)).filter(isNotMe);
  const came = people.filter(isNotAmong([...session.people, ...session.parting])).find(isNotMe);
  const parting = [...session.parting.filter(isNotAmong(people)), ...went];
  return { ...session, people, parting, notice: came === undefined ? session.notice : noticeOfPerson(session, "came", came) };
}

function withParted(session: Session, id: string): Session {
  const gone = session.parting.find((one) => one.participation_id === id);
  if (gone === undefined) return session;
  return { ...session, parting: session.parting.filter((one) => one !== gone), notice: noticeOfPerson(session, "went", gone) };
}

/** Who comes and goes is told where nothing else is. */
function noticeOfPerson({ notice }: Session, kind: "came" | "went", { name }: Person): Notice {
  return notice === null || notice.kind === "came" || notice.kind === "went" ? { kind, name } : notice;
}

function isNotAmong(people: readonly Person[]): (one: Person) => boolean {
  const ids = new Set(people.map((one) => one.participation_id));
  return (one) => !ids.has(one.participation_id);
}
