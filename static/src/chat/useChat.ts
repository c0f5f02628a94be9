import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";

import { ApiError, callApi } from "../shared/api.ts";
import { Reading } from "../shared/Reading.ts";
import { ReconnectingSocket, type SocketState } from "../shared/socket.ts";
import { useUnsent } from "../shared/useUnsent.ts";
import { isHeard, type ChannelInfo, type Message, type MessagePage } from "./contract.ts";
import { NOTHING, reduce, threadOf, type ChatState, type Sending } from "./state.ts";

const PAGE = 50;
const TRY_AGAIN_MS = 3_000;

export interface Chat {
  state: ChatState;
  line: SocketState;
  open: (channelId: string) => void;
  leave: (channelId: string) => void;
  loadOlder: (channelId: string) => void;
  send: (channelId: string, body: string) => void;
  retry: (channelId: string, sending: Sending) => void;
  markRead: (channelId: string, messageId: string) => void;
  show: (info: ChannelInfo) => void;
}

function saidOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Nobody answered, or the server could not: the same may pass in a moment. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
}

/** The viewer's conversations, kept fresh by the chat's socket. */
export function useChat(viewerId: string): Chat {
  const [state, dispatch] = useReducer(reduce, NOTHING);
  const [line, setLine] = useState<SocketState>("connecting");
  const socket = useRef<ReconnectingSocket | null>(null);
  const latest = useRef(state);
  const readings = useRef(new Map<string, Reading>());
  const passing = useRef(new Set<string>());
  // One after the other in each channel: two requests at once arrive in any order.
  const before = useRef(new Map<string, Promise<void>>());
  useEffect(() => {
    latest.current = state;
  });

  useUnsent(Object.values(state.threads).some(({ sending }) => sending.some(({ failure }) => failure !== null)));

  const post = useCallback(
    (channelId: string, sending: Sending): void => {
      dispatch({ type: "sending", channelId, sending: { ...sending, failure: null } });
      const send = (): Promise<void> =>
        callApi<Message>(`/api/channels/${channelId}/messages/`, { method: "POST", body: { body: sending.body, ref: sending.ref }, keepalive: true })
          .then((message) => dispatch({ type: "posted", channelId, message, viewerId }))
          .catch((error: unknown) => {
            if (isPassing(error)) passing.current.add(sending.ref);
            else passing.current.delete(sending.ref);
            dispatch({ type: "not sent", channelId, ref: sending.ref, failure: saidOf(error) });
          });
      before.current.set(channelId, (before.current.get(channelId) ?? Promise.resolve()).then(send));
    },
    [viewerId],
  );

  const sendUnsent = useCallback((): void => {
    for (const [channelId, thread] of Object.entries(latest.current.threads)) {
      for (const sending of thread.sending) {
        if (sending.failure !== null && passing.current.has(sending.ref)) post(channelId, sending);
      }
    }
  }, [post]);
  useEffect(() => {
    if (line !== "open") return undefined;
    const timer = setInterval(sendUnsent, TRY_AGAIN_MS);
    return () => clearInterval(timer);
  }, [line, sendUnsent]);

  /** After a lost line: what was written meanwhile comes in, what did not leave is sent. */
  const catchUp = useCallback((): void => {
    for (const [channelId, thread] of Object.entries(latest.current.threads)) {
      if (!thread.isLoaded) continue;
      callApi<MessagePage>(`/api/channels/${channelId}/messages/?limit=${PAGE}`)
        .then((page) => dispatch({ type: "caught up", channelId, page }))
        .catch(() => undefined); // the line is gone again: the next return does it
    }
    sendUnsent();
  }, [sendUnsent]);

  useEffect(() => {
    let hasOpened = false;
    const opened = new ReconnectingSocket(
      "/ws/chat/",
      {
        onMessage: (heard) => {
          if (!isHeard(heard)) return;
          dispatch({ type: "heard", heard, viewerId });
          if (heard.type !== "channels") return;
          if (hasOpened) catchUp();
          hasOpened = true;
        },
        onState: setLine,
      },
      { heartbeat: true },
    );
    socket.current = opened;
    const ofChannels = readings.current;
    const tellWhatWaits = (): void => ofChannels.forEach((reading) => reading.close());
    window.addEventListener("pagehide", tellWhatWaits);
    // A network that left and came back may have kept the socket, but not what was posted meanwhile.
    window.addEventListener("online", catchUp);
    return () => {
      window.removeEventListener("online", catchUp);
      window.removeEventListener("pagehide", tellWhatWaits);
      tellWhatWaits();
      opened.close();
    };
  }, [viewerId, catchUp]);

  const open = useCallback((channelId: string): void => {
    Promise.all([
      callApi<ChannelInfo>(`/api/channels/${channelId}/`),
      callApi<MessagePage>(`/api/channels/${channelId}/messages/?limit=${PAGE}`),
    ])
      .then(([info, page]) => dispatch({ type: "opened", info, page }))
      .catch((error: unknown) => dispatch({ type: "failed to open", channelId, failure: saidOf(error) }));
  }, []);

  const loadOlder = useCallback((channelId: string): void => {
    const oldest = threadOf(latest.current, channelId).messages[0];
    if (oldest === undefined) return;
    callApi<MessagePage>(`/api/channels/${channelId}/messages/?limit=${PAGE}&before=${oldest.id}`)
      .then((page) => dispatch({ type: "older", channelId, page }))
      .catch(() => undefined); // the button stays
  }, []);

  const send = useCallback(
    (channelId: string, body: string): void => post(channelId, { ref: crypto.randomUUID(), body, at: new Date().toISOString(), failure: null }),
    [post],
  );

  const markRead = useCallback((channelId: string, messageId: string): void => {
    const tell = (id: string): boolean => socket.current?.send({ type: "read", channel_id: channelId, message_id: id }) ?? false;
    const reading = readings.current.get(channelId) ?? new Reading(tell);
    readings.current.set(channelId, reading);
    if (reading.upTo(messageId)) dispatch({ type: "read", channelId, messageId, viewerId });
  }, [viewerId]);
  const leave = useCallback((channelId: string): void => {
    readings.current.get(channelId)?.close();
    dispatch({ type: "closed", channelId });
  }, []);
  const show = useCallback((info: ChannelInfo): void => dispatch({ type: "info", info }), []);

  return useMemo(
    () => ({ state, line, open, leave, loadOlder, send, retry: post, markRead, show }),
    [state, line, open, leave, loadOlder, send, post, markRead, show],
  );
}
