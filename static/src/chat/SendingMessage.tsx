import { say } from "./messages.ts";
import type { Sending } from "./state.ts";

/** Something of one's own on its way, or that did not go. */
export function SendingMessage({ sending, onRetry }: { sending: Sending; onRetry: () => void }) {
  return (
    <article className="sending">
      <p className="group__message" dir="auto">
        {sending.body}
      </p>
      {sending.failure === null ? (
        <p className="sending__state">{say("sending")}</p>
      ) : (
        <p className="sending__state sending__state--failed" role="alert">
          {say("notSent", { reason: sending.failure })}{" "}
          <button type="button" className="fr-link" onClick={onRetry}>
            {say("retry")}
          </button>
        </p>
      )}
    </article>
  );
}
