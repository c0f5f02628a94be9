import { useEffect, useState } from "react";

import { Star } from "../shared/resources/Star.tsx";
import { Composer } from "./Composer.tsx";
import { say } from "./messages.ts";
import { MessageList } from "./MessageList.tsx";
import { PeopleDialog } from "./PeopleDialog.tsx";
import { threadOf } from "./state.ts";
import { beganOf, exactOf } from "./times.ts";
import type { Chat } from "./useChat.ts";

interface Props {
  channelId: string;
  chat: Chat;
  viewerId: string;
  onBack: () => void;
}

/** One conversation: its name, what was written, and where one writes. */
export function Thread({ channelId, chat, viewerId, onBack }: Props) {
  const { open, leave, loadOlder, send, retry, markRead, show, state, line } = chat;
  const [isShowingPeople, setIsShowingPeople] = useState(false);
  const thread = threadOf(state, channelId);
  const { info } = thread;
  const listed = state.channels?.find(({ id }) => id === channelId);
  const title = listed?.title ?? info?.title ?? "";
  const began = listed?.began_at ?? info?.began_at;

  useEffect(() => {
    open(channelId);
    return () => leave(channelId);
  }, [channelId, open, leave]);

  return (
    <section className="chat__thread" aria-label={title}>
      <header className="thread__header">
        <button type="button" className="thread__back fr-btn fr-btn--tertiary-no-outline fr-icon-arrow-left-line" aria-label={say("back")} title={say("back")} onClick={onBack} />
        <div className="thread__name">
          <h2 className="thread__title" title={title}>{title}</h2>
          {began != null && (
            <time className="thread__began" dateTime={began} title={exactOf(began)}>
              {beganOf(began)}
            </time>
          )}
        </div>
        {info !== null && <Star key={info.id} resourceId={info.id} isMarked={info.favourite} onChange={(favourite) => show({ ...info, favourite })} />}
        {info !== null && info.kind !== "direct" && (
          <button type="button" className="fr-btn fr-btn--tertiary-no-outline fr-btn--sm fr-btn--icon-left fr-icon-team-line" onClick={() => setIsShowingPeople(true)}>
            {info.people.length === 1 ? say("membersOne") : say("members", { number: info.people.length })}
          </button>
        )}
      </header>
      {thread.failure !== null || thread.isGone ? (
        <div className="thread__failure" role="alert">
          <h3 className="fr-h6">{thread.isGone ? say("goneTitle") : say("openFailed")}</h3>
          <p>{thread.failure}</p>
          <button type="button" className="fr-btn fr-btn--secondary" onClick={() => open(channelId)}>
            {say("retry")}
          </button>
        </div>
      ) : (
        <MessageList
          thread={thread}
          title={title}
          viewerId={viewerId}
          onOlder={() => loadOlder(channelId)}
          onRetry={(sending) => retry(channelId, sending)}
          onRead={(messageId) => markRead(channelId, messageId)}
        />
      )}
      {line === "lost" && (
        <p className="thread__notice" role="status">
          <span className="fr-icon-wifi-off-line fr-icon--sm" aria-hidden="true" /> {say("lineLost")}
        </p>
      )}
      {thread.isGone ? null : info?.may_write === false ? (
        <p className="thread__notice">{say("mayNotWrite")}</p>
      ) : (
        <Composer key={channelId} channelId={channelId} viewerId={viewerId} title={title} onSend={(body) => send(channelId, body)} />
      )}
      {isShowingPeople && info !== null && <PeopleDialog info={info} viewerId={viewerId} onChange={show} onClose={() => setIsShowingPeople(false)} />}
    </section>
  );
}
