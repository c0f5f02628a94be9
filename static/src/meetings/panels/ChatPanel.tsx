import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from "react";

import { pageLocale } from "../../shared/catalogue.ts";
import { Icon } from "../Icon.tsx";
import type { ChatMessage, ClientMessage } from "../contract.ts";
import { say } from "../messages.ts";
import { Linked } from "./Linked.tsx";
import { Panel } from "./Panel.tsx";

interface Props {
  messages: readonly ChatMessage[];
  myId: string;
  /** Whether a message would be heard now. */
  isLineOpen: boolean;
  send: (message: ClientMessage) => boolean;
  onClose: () => void;
}

const BODY_MAX = 4_000;

/** The meeting's chat; what is written here stays in Suite's own chat. */
export function ChatPanel({ messages, myId, isLineOpen, send, onClose }: Props) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A browser may answer with a promise, which would be taken for a clean-up.
    end.current?.scrollIntoView({ block: "end" });
  }, [messages.length]);
  return (
    <Panel title={say("chat")} onClose={onClose} foot={<Composer isLineOpen={isLineOpen} send={send} />}>
      <p className="chat__kept">{say("chatKept")}</p>
      {messages.length === 0 && <p className="chat__empty">{say("chatEmpty")}</p>}
      <ol className="chat" aria-live="polite" aria-relevant="additions">
        {messages.map((message, index) => {
          const previous = messages[index - 1];
          const goesOn = previous !== undefined && sameAuthor(previous, message);
          const isMine = message.author.participation_id === myId;
          return (
            <li key={message.id} className={goesOn ? "chat__message chat__message--on" : "chat__message"}>
              {!goesOn && (
                <p className="chat__author">
                  <strong>{isMine ? say("yourself") : message.author.name}</strong> <ExactTime at={message.at} />
                </p>
              )}
              <p className="chat__body">
                <Linked text={message.body} />
              </p>
            </li>
          );
        })}
      </ol>
      <div ref={end} />
    </Panel>
  );
}

function Composer({ isLineOpen, send }: { isLineOpen: boolean; send: (message: ClientMessage) => boolean }) {
  const [body, setBody] = useState("");
  const [isKept, setIsKept] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);

  const submit = useCallback(() => {
    const text = body.trim();
    if (text === "") return;
    const isSent = send({ type: "message", body: text, ref: crypto.randomUUID() });
    setIsKept(!isSent);
    if (isSent) setBody("");
  }, [body, send]);
  useEffect(() => {
    if (!isKept || !isLineOpen) return undefined;
    const timer = setTimeout(submit, 0);
    return () => clearTimeout(timer);
  }, [isKept, isLineOpen, submit]);
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={field}
        className="fr-input composer__field"
        rows={2}
        maxLength={BODY_MAX}
        value={body}
        aria-label={say("writeMessage")}
        placeholder={say("writeMessage")}
        onChange={(event) => setBody(event.target.value)}
        onKeyDown={pressed}
      />
      <button type="submit" className="composer__send" aria-label={say("sendMessage")}>
        <Icon name="send" />
      </button>
      <p className="composer__hint" role={isKept ? "alert" : undefined}>
        {isKept ? say("notSent") : say("writeHint")}
      </p>
    </form>
  );
}

function ExactTime({ at }: { at: string }) {
  const time = new Date(at);
  return (
    <time dateTime={at} title={time.toLocaleString(pageLocale())}>
      {time.toLocaleTimeString(pageLocale(), { hour: "2-digit", minute: "2-digit" })}
    </time>
  );
}

const SAME_MS = 300_000;

function sameAuthor(before: ChatMessage, after: ChatMessage): boolean {
  const isClose = Date.parse(after.at) - Date.parse(before.at) < SAME_MS;
  return isClose && before.author.participation_id === after.author.participation_id && before.author.name === after.author.name;
}
