import { useEffect, useRef, type KeyboardEvent } from "react";

import { pageLocale } from "../../shared/catalogue.ts";
import { excessOf } from "../../shared/excess.ts";
import { Icon } from "../Icon.tsx";
import type { ChatMessage, Me } from "../contract.ts";
import { say } from "../messages.ts";
import { isMine, type Sending } from "../session.ts";
import { Linked } from "./Linked.tsx";
import { Panel } from "./Panel.tsx";
import { useFollowEnd } from "./useFollowEnd.ts";
import { useReadingTold } from "./useReadingTold.ts";

interface Props {
  messages: readonly ChatMessage[];
  sending: readonly Sending[];
  me: Me | null;
  /** What was begun: it stays while another panel is open. */
  draft: string;
  /** Whether a message would be heard now. */
  isLineOpen: boolean;
  onDraft: (draft: string) => void;
  write: (body: string, ref?: string) => void;
  /** The newest message is in sight. */
  onRead: (messageId: string) => void;
  onClose: () => void;
}

/** The meeting's chat; what is written here stays in Suite's own chat. */
export function ChatPanel({ messages, sending, me, draft, isLineOpen, onDraft, write, onRead, onClose }: Props) {
  const { end, isAway, toEnd } = useFollowEnd(messages.length + sending.length);
  useReadingTold(isAway || !isLineOpen ? undefined : messages.at(-1)?.id, onRead);
  const submit = (body: string): void => {
    write(body);
    onDraft("");
    toEnd();
  };
  return (
    <Panel title={say("chat")} onClose={onClose} foot={<Composer draft={draft} onDraft={onDraft} onSubmit={submit} />}>
      <p className="chat__kept">{say("chatKept")}</p>
      {messages.length + sending.length === 0 && <p className="chat__empty">{say("chatEmpty")}</p>}
      <ol className="chat" aria-live="polite" aria-relevant="additions">
        {messages.map((message, index) => {
          const previous = messages[index - 1];
          const goesOn = previous !== undefined && sameAuthor(previous, message);
          return (
            <li key={message.id} className={goesOn ? "chat__message chat__message--on" : "chat__message"}>
              {!goesOn && (
                <p className="chat__author">
                  <strong>{isMine(me, message) ? say("yourself") : message.author.name}</strong> <ExactTime at={message.at} />
                </p>
              )}
              <p className="chat__body" dir="auto">
                <Linked text={message.body} />
              </p>
            </li>
          );
        })}
      </ol>
      {sending.map((one) => (
        <Unsent key={one.ref} sending={one} isLineOpen={isLineOpen} onRetry={() => write(one.body, one.ref)} />
      ))}
      {isAway && (
        <button type="button" className="chat__newest fr-btn fr-btn--sm fr-btn--secondary" onClick={toEnd}>
          {say("newest")}
        </button>
      )}
      <div ref={end} />
    </Panel>
  );
}

/** What I wrote and nobody has yet; why, where it is not just on its way. */
function Unsent({ sending, isLineOpen, onRetry }: { sending: Sending; isLineOpen: boolean; onRetry: () => void }) {
  return (
    <div className="chat__unsent">
      <p className="chat__body" dir="auto">
        {sending.body}
      </p>
      {sending.failure === null && !isLineOpen && (
        <p className="chat__state" role="alert">
          {say("notSent")}
        </p>
      )}
      {sending.failure !== null && (
        <p className="chat__state" role="alert">
          {say("notTaken", { reason: sending.failure })}{" "}
          <button type="button" className="fr-link" onClick={onRetry}>
            {say("retry")}
          </button>
        </p>
      )}
    </div>
  );
}

function Composer({ draft, onDraft, onSubmit }: { draft: string; onDraft: (draft: string) => void; onSubmit: (body: string) => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const excess = excessOf(draft);
  useEffect(() => {
    field.current?.focus();
  }, []);

  const submit = () => {
    const text = draft.trim();
    if (text !== "" && excess === 0) onSubmit(text);
  };
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
        dir="auto"
        value={draft}
        aria-label={say("writeMessage")}
        aria-invalid={excess > 0}
        placeholder={say("writeMessage")}
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={pressed}
      />
      <button type="submit" className="composer__send" aria-label={say("sendMessage")}>
        <Icon name="send" />
      </button>
      <p className="composer__hint" role={excess > 0 ? "alert" : undefined}>
        {excess > 0 ? say("tooLong", { excess: excess.toLocaleString(pageLocale()) }) : say("writeHint")}
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
