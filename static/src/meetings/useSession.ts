import { useCallback, useEffect, useReducer, useRef, useState } from "react";

import { Reading } from "../shared/Reading.ts";
import { ReconnectingSocket, type SocketState } from "../shared/socket.ts";
import { useUnsent } from "../shared/useUnsent.ts";
import { readServerMessage, type ClientMessage, type JoinAnswer, type StateMessage } from "./contract.ts";
import { say } from "./messages.ts";
import { nextSession, openSession, type Ending, type Session, type SessionEvent } from "./session.ts";

const NOT_SIGNED_IN = 4401;
const NOT_FOUND = 4404;
const CONFLICT = 4409;
const PICTURES_FIRST_MS = 300;
/** Longer than a line that is lost needs to come back, mostly. */
const PARTED_MS = 6_000;

export interface LiveSession {
  session: Session;
  /** The page's own line to Suite. */
  line: SocketState;
  /** Sends now; false where the line is not there. */
  send: (message: ClientMessage) => boolean;
  /** Writes in the meeting's chat: kept, and sent again after a lost line, until the server has it. The same `ref` again is the same message. */
  write: (body: string, ref?: string) => void;
  /** Says that one has read the chat up to a message; a guest has no Messages to say it in. */
  markRead: (messageId: string) => void;
  dispatch: (event: SessionEvent) => void;
  /** Ends one's part, and says so to the others. */
  leave: (ending: Ending) => void;
}

/** The meeting's socket and what it told, from the door's answer on. */
export function useSession(answer: JoinAnswer, isSignedIn: boolean): LiveSession {
  const [session, dispatch] = useReducer(nextSession, answer, openSession);
  const [line, setLine] = useState<SocketState>("connecting");
  const socket = useRef<ReconnectingSocket | null>(null);
  const reading = useRef<Reading | null>(null);
  const latest = useRef(session);
  useEffect(() => {
    latest.current = session;
  });

  /** What was written as the line went, and is not among what the server has. */
  const sendUnsent = useCallback(({ messages }: StateMessage): void => {
    const known = new Set(messages.map(({ ref }) => ref));
    for (const { ref, body, failure } of latest.current.sending) {
      if (failure === null && !known.has(ref)) socket.current?.send({ type: "message", body, ref });
    }
  }, []);

  useEffect(() => {
    const open = () =>
      new ReconnectingSocket(
      answer.socket,
      {
        onMessage: (value) => {
          const message = readServerMessage(value);
          if (message === null) return;
          dispatch(message);
          if (message.type === "state") sendUnsent(message);
        },
        onState: setLine,
        onRefused: (code) => dispatch({ type: "over", ending: endingOf(code, isSignedIn) }),
      },
      { heartbeat: true, signInOnRefusal: false },
    );
    // Pictures first: who was let in at once meets the others a moment before reading what was written.
    const timer = setTimeout(
      () => {
        const opened = open();
        socket.current = opened;
        reading.current = new Reading((id) => opened.send({ type: "read", message_id: id, ref: id } satisfies ClientMessage));
      },
      answer.state === "admitted" ? PICTURES_FIRST_MS : 0,
    );
    return () => {
      clearTimeout(timer);
      reading.current?.close();
      socket.current?.close();
      reading.current = socket.current = null;
    };
  }, [answer, isSignedIn, sendUnsent]);

  const parting = session.parting[0]?.participation_id;
  useEffect(() => {
    if (parting === undefined) return undefined;
    const timer = setTimeout(() => dispatch({ type: "parted", participation_id: parting }), PARTED_MS);
    return () => clearTimeout(timer);
  }, [parting]);

  const isOver = session.ending !== null;
  useUnsent(!isOver && session.sending.some(({ failure }) => failure !== null || line !== "open"));
  useEffect(() => {
    if (isOver) socket.current?.close();
  }, [isOver]);

  const send = useCallback((message: ClientMessage) => {
    const isSent = socket.current?.send(message) ?? false;
    if (!isSent) dispatch({ type: "error", code: "line", message: say("notDone") });
    return isSent;
  }, []);
  const write = useCallback((body: string, ref: string = crypto.randomUUID()): void => {
    dispatch({ type: "wrote", ref, body });
    socket.current?.send({ type: "message", body, ref });
  }, []);
  const isGuest = session.me?.user_id == null;
  const markRead = useCallback(
    (messageId: string): void => {
      if (!isGuest) reading.current?.upTo(messageId);
    },
    [isGuest],
  );
  const leave = useCallback((ending: Ending) => {
    reading.current?.close();
    socket.current?.send({ type: "leave" });
    dispatch({ type: "over", ending });
  }, []);
  return { session, line, send, write, markRead, dispatch, leave };
}

/** What a refused socket means: one's participation is not found where one's sign-in, or a guest's cookie, is gone. */
function endingOf(code: number, isSignedIn: boolean): Ending {
  switch (code) {
    case NOT_SIGNED_IN:
      return "deactivated";
    case NOT_FOUND:
      return isSignedIn ? "deactivated" : "lost";
    case CONFLICT:
      return "ended";
    default:
      return "removed";
  }
}
