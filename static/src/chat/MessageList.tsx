import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { partsOf } from "./groups.ts";
import { say } from "./messages.ts";
import { MessageGroup } from "./MessageGroup.tsx";
import { SendingMessage } from "./SendingMessage.tsx";
import type { Sending, Thread } from "./state.ts";
import { dayOf } from "./times.ts";

const NEAR_END_PX = 80;
const NEAR_START_PX = 200;

interface Props {
  thread: Thread;
  title: string;
  viewerId: string;
  onOlder: () => void;
  onRetry: (sending: Sending) => void;
  onRead: (messageId: string) => void;
}

/** What was written, the newest at the end, where it stays while one is there. */
export function MessageList({ thread, title, viewerId, onOlder, onRetry, onRead }: Props) {
  const { messages, sending, hasMore, isLoaded, readBefore, info } = thread;
  const parts = useMemo(() => partsOf(messages, readBefore, viewerId), [messages, readBefore, viewerId]);
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const heightBefore = useRef(0);
  const firstBefore = useRef<string | undefined>(undefined);
  const [isAway, setIsAway] = useState(false);
  const first = messages[0]?.id;
  const last = messages.at(-1)?.id;

  const read = useCallback((): void => {
    if (last !== undefined && isAtEnd.current && document.visibilityState === "visible") onRead(last);
  }, [last, onRead]);

  // New messages keep the end in view; older ones keep in view what was there.
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    else if (first !== firstBefore.current) element.scrollTop += element.scrollHeight - heightBefore.current;
    heightBefore.current = element.scrollHeight;
    firstBefore.current = first;
  }, [first, last, sending.length, isLoaded]);

  useEffect(() => {
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [read]);

  const onScroll = (): void => {
    const element = list.current;
    if (element === null) return;
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    setIsAway(!isAtEnd.current);
    if (isAtEnd.current) read();
    if (hasMore && element.scrollTop < NEAR_START_PX && heightBefore.current === element.scrollHeight) {
      heightBefore.current = element.scrollHeight;
      onOlder();
    }
  };

  const toEnd = (): void => {
    const element = list.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  };

  return (
    <div className="thread__scroll">
      <div ref={list} className="thread__messages" role="log" aria-label={title} aria-busy={!isLoaded} tabIndex={0} onScroll={onScroll}>
        {!isLoaded && <p role="status">{say("loading")}</p>}
        {hasMore && (
          <button type="button" className="fr-btn fr-btn--tertiary fr-btn--sm thread__older" onClick={onOlder}>
            {say("older")}
          </button>
        )}
        {isLoaded && messages.length === 0 && sending.length === 0 && (
          <p className="thread__nothing">{info?.kind === "direct" ? say("emptyDirect", { name: title }) : say("emptyChannel")}</p>
        )}
        {parts.map((part) => {
          if (part.kind === "group") return <MessageGroup key={part.key} group={part.group} isMine={part.group.author.user_id === viewerId} />;
          return (
            <p key={part.key} className={`thread__line thread__line--${part.kind}`} role="separator">
              <span>{part.kind === "day" ? dayOf(part.at) : say("unreadLine")}</span>
            </p>
          );
        })}
        {sending.map((one) => (
          <SendingMessage key={one.ref} sending={one} onRetry={() => onRetry(one)} />
        ))}
      </div>
      {isAway && (
        <button type="button" className="thread__newest fr-btn fr-btn--secondary fr-btn--sm fr-icon-arrow-down-line" aria-label={say("newest")} title={say("newest")} onClick={toEnd} />
      )}
    </div>
  );
}
