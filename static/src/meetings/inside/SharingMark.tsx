import { say } from "../messages.ts";

/** To who shows their screen: that it is seen, and the way to stop. Their own screen is not shown to them again. */
export function SharingMark({ onStop }: { onStop: () => void }) {
  return (
    <div className="notice" role="status">
      <span className="notice__text">{say("yourScreen")}</span>
      <button type="button" className="notice__action" onClick={onStop}>
        {say("stopSharing")}
      </button>
    </div>
  );
}
