import { Icon } from "../Icon.tsx";
import type { ClientMessage, Transcription } from "../contract.ts";
import { say } from "../messages.ts";
import { Panel } from "./Panel.tsx";

interface Props {
  transcription: Transcription;
  /** How many people are in the meeting. */
  present: number;
  canModerate: boolean;
  send: (message: ClientMessage) => boolean;
  onClose: () => void;
}

/** What a transcription does, who agreed, starting and stopping it, and one's own answer. */
export function TranscriptionPanel({ transcription, present, canModerate, send, onClose }: Props) {
  const { active, agreement, started_by: startedBy, agreed } = transcription;
  return (
    <Panel title={say("transcription")} onClose={onClose}>
      <p>{say("transcriptionWhat")}</p>
      <p>{say("transcriptionEach")}</p>
      {active && (
        <div className="transcription__now">
          <p>
            <strong>{say("transcriptionActive")}.</strong> {startedBy !== null && say("startedBy", { name: startedBy })}
          </p>
          <p>{say("agreedCount", { count: agreed.length, total: Math.max(present, agreed.length) })}</p>
          {agreement === "agreed" && (
            <>
              <p>{say("youAgreed")}</p>
              <button type="button" className="fr-btn fr-btn--tertiary" onClick={() => send({ type: "decline" })}>
                {say("withdraw")}
              </button>
            </>
          )}
          {agreement === "declined" && (
            <>
              <p>{say("youDeclined")}</p>
              <button type="button" className="fr-btn fr-btn--secondary" onClick={() => send({ type: "agree" })}>
                {say("accept")}
              </button>
            </>
          )}
        </div>
      )}
      {canModerate && !active && (
        <button type="button" className="fr-btn" onClick={() => send({ type: "transcription_start" })}>
          {say("startTranscription")}
        </button>
      )}
      {canModerate && active && (
        <button type="button" className="fr-btn dialog__danger" onClick={() => send({ type: "transcription_stop" })}>
          <Icon name="stop" />
          {say("stopTranscription")}
        </button>
      )}
      {!canModerate && !active && <p className="panel__note">{say("transcriptionHostOnly")}</p>}
    </Panel>
  );
}
