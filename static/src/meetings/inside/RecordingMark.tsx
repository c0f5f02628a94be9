import { say } from "../messages.ts";

/** As long as a transcription runs, for all: red, and in words. */
export function RecordingMark({ onOpen }: { onOpen: () => void }) {
  return (
    <button type="button" className="recording" onClick={onOpen}>
      <span className="recording__dot" aria-hidden="true" />
      <span role="status">{say("transcriptionActive")}</span>
    </button>
  );
}
