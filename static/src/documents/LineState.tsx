import { say } from "./messages.ts";
import type { Line } from "./session.ts";

const ICONS = { opening: "", saved: "fr-icon-check-line", saving: "", offline: "fr-icon-wifi-off-line" } as const;

/** Whether what was written is safe, in words. */
export function LineState({ line, isEditable }: { line: Line; isEditable: boolean }) {
  const words = line === "offline" && !isEditable ? say("offlineReader") : say(line === "saved" && !isEditable ? "readOnly" : line);
  const icon = line === "saved" && !isEditable ? "fr-icon-eye-line" : ICONS[line];
  return (
    <p className={`line-state line-state--${line}`} role="status">
      <span className={icon === "" ? "line-state__icon" : `line-state__icon ${icon} fr-icon--sm`} aria-hidden="true" />
      <span>{words}</span>
    </p>
  );
}
