import type { MouseEvent } from "react";

import { Avatar } from "../shared/people/Avatar.tsx";
import type { ChannelKind, ChannelLine } from "./contract.ts";
import { say } from "./messages.ts";
import { shortOf } from "./times.ts";

const of = (kind: ChannelKind) => (line: ChannelLine) => line.kind === kind && !line.favourite;
const SECTIONS = [
  { title: "favourites", holds: (line: ChannelLine) => line.favourite },
  { title: "channels", holds: of("channel") },
  { title: "people", holds: of("direct") },
  { title: "meetings", holds: of("meeting") },
] as const;
const ICONS = { channel: "fr-icon-discuss-line", meeting: "fr-icon-video-chat-line" } as const;

interface Props {
  channels: readonly ChannelLine[] | null;
  openId: string | null;
  onOpen: (channelId: string) => void;
  onNewChannel: () => void;
  onNewDirect: () => void;
}

/** The viewer's conversations by kind, the latest written first. */
export function ChannelList({ channels, openId, onOpen, onNewChannel, onNewDirect }: Props) {
  return (
    <nav className="chat__list" aria-label={say("messages")}>
      <div className="chat__list-header">
        <h1 className="fr-h5">{say("messages")}</h1>
        <button
          type="button"
          className="fr-btn fr-btn--tertiary-no-outline fr-icon-user-add-line"
          aria-label={say("writeTo")}
          title={say("writeTo")}
          onClick={onNewDirect}
        />
        <button
          type="button"
          className="fr-btn fr-btn--tertiary-no-outline fr-icon-chat-new-line"
          aria-label={say("newChannel")}
          title={say("newChannel")}
          onClick={onNewChannel}
        />
      </div>
      {channels === null && <Skeleton />}
      {SECTIONS.map(({ title, holds }) => {
        const lines = channels?.filter(holds) ?? [];
        if (lines.length === 0) return null;
        return (
          <section key={title} aria-label={say(title)}>
            <h2 className="chat__list-title">{say(title)}</h2>
            <ul>
              {lines.map((line) => (
                <Line key={line.id} line={line} isOpen={line.id === openId} onOpen={onOpen} />
              ))}
            </ul>
          </section>
        );
      })}
    </nav>
  );
}

function Line({ line, isOpen, onOpen }: { line: ChannelLine; isOpen: boolean; onOpen: (channelId: string) => void }) {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onOpen(line.id);
  };
  const at = line.last_message_at ?? line.began_at;
  const unread = line.unread === 1 ? say("unreadOne") : say("unread", { number: line.unread });
  return (
    <li>
      <a className={line.unread > 0 ? "line line--unread" : "line"} href={`/messages/${line.id}/`} aria-current={isOpen ? "page" : undefined} onClick={follow}>
        {line.kind === "direct" ? (
          <Avatar id={line.other_user_id ?? line.id} name={line.title} />
        ) : (
          <span className={`line__icon ${ICONS[line.kind]} fr-icon--sm`} aria-hidden="true" />
        )}
        <span className="line__title">{line.title}</span>
        {line.unread > 0 ? (
          <span className="line__unread" title={unread}>
            <span aria-hidden="true">{line.unread > 99 ? "99+" : line.unread}</span>
            <span className="fr-sr-only">{unread}</span>
          </span>
        ) : (
          at !== null && <span className="line__at">{shortOf(at)}</span>
        )}
      </a>
    </li>
  );
}

function Skeleton() {
  return (
    <div className="chat__skeleton" role="status">
      <span className="fr-sr-only">{say("loading")}</span>
      <span />
      <span />
      <span />
    </div>
  );
}
