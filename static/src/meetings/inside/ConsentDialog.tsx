import { Dialog } from "../Dialog.tsx";
import type { ClientMessage, Transcription } from "../contract.ts";
import { say } from "../messages.ts";

interface Props {
  transcription: Transcription;
  send: (message: ClientMessage) => boolean;
}

/** Asks whether one's voice may be transcribed. Nothing is taken until the answer; both answers are equally near. */
export function ConsentDialog({ transcription, send }: Props) {
  if (!transcription.active || transcription.agreement !== "asked") return null;
  const by = transcription.started_by;
  return (
    <Dialog title={by === null ? say("consentTitleNobody") : say("consentTitle", { name: by })}>
      <ul>
        <li>{say("consentWhat")}</li>
        <li>{say("consentWho")}</li>
        <li>{say("consentHowLong", { days: transcription.sound_days })}</li>
      </ul>
      <p>{say("consentChoice")}</p>
      <div className="dialog__actions">
        <button type="button" className="fr-btn fr-btn--secondary" onClick={() => send({ type: "decline" })}>
          {say("decline")}
        </button>
        <button type="button" className="fr-btn" onClick={() => send({ type: "agree" })}>
          {say("accept")}
        </button>
      </div>
    </Dialog>
  );
}
