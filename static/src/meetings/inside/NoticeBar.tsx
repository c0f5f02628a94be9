import { useEffect, type ReactNode } from "react";

import { Icon } from "../Icon.tsx";
import type { ClientMessage } from "../contract.ts";
import { say } from "../messages.ts";
import type { Notice, Session } from "../session.ts";
import type { PanelName } from "./Inside.tsx";

interface Props {
  session: Session;
  isChatOpen: boolean;
  isPeopleOpen: boolean;
  isSoundBlocked: boolean;
  onHear: () => void;
  onSeen: () => void;
  onOpen: (panel: PanelName) => void;
  send: (message: ClientMessage) => boolean;
}

const SHOWN_MS = { came: 3_000, went: 3_000, written: 6_000, muted: 8_000, refusal: 8_000, waiting: 60_000 } as const;
const TEXT_MAX = 90;

/** What needs me, one quiet message at a time. */
export function NoticeBar({ session, isChatOpen, isPeopleOpen, isSoundBlocked, onHear, onSeen, onOpen, send }: Props) {
  const { notice, waiting } = session;
  const isElsewhere = (notice?.kind === "written" && isChatOpen) || (notice?.kind === "waiting" && isPeopleOpen);

  useEffect(() => {
    if (notice === null) return undefined;
    const timer = setTimeout(onSeen, isElsewhere ? 0 : SHOWN_MS[notice.kind]);
    return () => clearTimeout(timer);
  }, [notice, isElsewhere, onSeen]);

  const sentence = notice === null || isElsewhere ? null : sentenceOf(notice);
  const [first] = waiting;
  let actions: ReactNode = null;
  if (notice?.kind === "waiting" && first !== undefined) {
    actions =
      waiting.length === 1 ? (
        <>
          <button type="button" className="notice__action notice__action--plain" aria-label={say("refusePerson", { name: first.name })} onClick={() => send({ type: "refuse", participation_id: first.participation_id })}>
            {say("refuse")}
          </button>
          <button type="button" className="notice__action" aria-label={say("admitPerson", { name: first.name })} onClick={() => send({ type: "admit", participation_id: first.participation_id })}>
            {say("admit")}
          </button>
        </>
      ) : (
        <button type="button" className="notice__action" onClick={() => onOpen("people")}>
          {say("see")}
        </button>
      );
  } else if (notice?.kind === "written") {
    actions = (
      <button type="button" className="notice__action" onClick={() => onOpen("chat")}>
        {say("see")}
      </button>
    );
  }
  return (
    <>
      {isSoundBlocked && (
        <div className="notice" role="alert">
          <span>{say("soundBlocked")}</span>
          <button type="button" className="notice__action" onClick={onHear}>
            {say("hear")}
          </button>
        </div>
      )}
      <div className={sentence === null ? "notice notice--none" : "notice"} role="status">
        {sentence !== null && (
          <>
            <span className="notice__text">{sentence}</span>
            {actions}
            <button type="button" className="notice__close" aria-label={say("dismiss")} onClick={onSeen}>
              <Icon name="close" />
            </button>
          </>
        )}
      </div>
    </>
  );
}

function sentenceOf(notice: Notice): string {
  switch (notice.kind) {
    case "muted":
      return say("mutedBy", { name: notice.by });
    case "refusal":
      return notice.sentence;
    case "waiting":
      return notice.names.length === 1 ? say("wantsToEnter", { names: notice.names[0] ?? "" }) : say("wantToEnter", { count: notice.names.length });
    case "written":
      return say("wrote", { name: notice.author, text: notice.body.slice(0, TEXT_MAX) });
    case "came":
    case "went":
      return say(notice.kind, { name: notice.name });
  }
}
