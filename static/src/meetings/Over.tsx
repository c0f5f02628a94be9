import { useEffect, useRef } from "react";

import type { RoomView } from "./contract.ts";
import { say } from "./messages.ts";
import type { Ending } from "./session.ts";

interface Props {
  room: RoomView;
  ending: Ending;
  meetingId: string;
  /** What one had written, and the server never took. */
  unsent: readonly string[];
  onAgain: () => void;
}

const WORDS = {
  left: { title: "leftTitle", hint: null, again: "rejoin" },
  cancelled: { title: "cancelledTitle", hint: null, again: "askAgain" },
  ended: { title: "endedTitle", hint: null, again: null },
  removed: { title: "removedTitle", hint: "removedHint", again: null },
  refused: { title: "refusedTitle", hint: "refusedTextHint", again: "askAgain" },
  deactivated: { title: "deactivatedTitle", hint: "deactivatedHint", again: null },
  lost: { title: "lostTitle", hint: "lostHint", again: "rejoin" },
  full: { title: "fullTitle", hint: "fullHint", again: "rejoin" },
} as const;

const HAS_PAGE: ReadonlySet<Ending> = new Set(["left", "ended", "lost"]);

/** After one's part in the meeting: what happened, and what next. */
export function Over({ room, ending, meetingId, unsent, onAgain }: Props) {
  const { title, hint, again } = WORDS[ending];
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, []);
  const hasPage = room.me !== null && HAS_PAGE.has(ending);
  return (
    <section className="notice-page">
      <h1 className="fr-h3" ref={heading} tabIndex={-1}>
        {say(title)}
      </h1>
      {hint !== null && <p>{say(hint)}</p>}
      {unsent.length > 0 && (
        <>
          <p>{say("unsent")}</p>
          {unsent.map((body, index) => (
            <blockquote className="notice-page__unsent" key={index}>
              {body}
            </blockquote>
          ))}
        </>
      )}
      <div className="notice-page__actions">
        {hasPage && (
          <a className="fr-btn" href={`/meetings/${meetingId}/`}>
            {say("meetingPage")}
          </a>
        )}
        {again !== null && (
          <button type="button" className={hasPage ? "fr-btn fr-btn--secondary" : "fr-btn"} onClick={onAgain}>
            {say(again)}
          </button>
        )}
        {ending === "deactivated" && (
          <a className="fr-btn" href={`/sign-in/?next=/rooms/${encodeURIComponent(room.slug)}/`}>
            {say("signIn")}
          </a>
        )}
        {room.me !== null && ending !== "deactivated" && (
          <a className="fr-btn fr-btn--tertiary" href="/">
            {say("home")}
          </a>
        )}
      </div>
    </section>
  );
}
