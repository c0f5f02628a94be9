import type { ApiError } from "../../shared/api.ts";
import { say } from "../messages.ts";

interface Props {
  /** Why the room cannot be shown; null: it is closed, or one was removed from the meeting there. */
  error: ApiError | null;
  isRemoved?: boolean;
  onRetry: () => void;
}

/** The room cannot be entered: said before any camera starts. */
export function Unavailable({ error, isRemoved = false, onRetry }: Props) {
  const isUnknown = error?.status === 404;
  const closed = isRemoved ? say("removedTitle") : say("closedRoom");
  const closedHint = isRemoved ? say("removedHint") : say("closedRoomHint");
  const title = error === null ? closed : isUnknown ? say("unknownRoom") : say("roomFailed");
  const hint = error === null ? closedHint : isUnknown ? say("unknownRoomHint") : error.message;
  return (
    <section className="notice-page">
      <h1 className="fr-h3">{title}</h1>
      <p>{hint}</p>
      <div className="notice-page__actions">
        {!isUnknown && (
          <button type="button" className="fr-btn" onClick={onRetry}>
            {say("retry")}
          </button>
        )}
        <a className={isUnknown ? "fr-btn" : "fr-btn fr-btn--secondary"} href="/">
          {say("home")}
        </a>
      </div>
    </section>
  );
}
