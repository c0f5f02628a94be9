import { say } from "./messages.ts";

interface Props {
  hasChannels: boolean;
  onNewChannel: () => void;
  onNewDirect: () => void;
}

/** Beside the list while nothing is open: what this is for, and how to begin. */
export function Empty({ hasChannels, onNewChannel, onNewDirect }: Props) {
  return (
    <section className="chat__empty">
      <h2 className="fr-h5">{hasChannels ? say("chooseTitle") : say("noChannelTitle")}</h2>
      <p>{hasChannels ? say("chooseHint") : say("noChannelHint")}</p>
      {!hasChannels && (
        <div className="chat__empty-actions">
          <button type="button" className="fr-btn" onClick={onNewChannel}>
            {say("newChannel")}
          </button>
          <button type="button" className="fr-btn fr-btn--secondary" onClick={onNewDirect}>
            {say("writeTo")}
          </button>
        </div>
      )}
    </section>
  );
}
