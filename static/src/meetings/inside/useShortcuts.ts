import { useEffect } from "react";

import { pageLanguage } from "../../shared/catalogue.ts";

/** Alt + Shift and a key by its place: no browser and no text field uses them, so they work from the chat's field too. */
export const SHORTCUTS = {
  microphone: { code: "KeyM" },
  camera: { code: "KeyV" },
  chat: { code: "KeyC" },
  people: { code: "KeyP" },
} as const;

export type ShortcutName = keyof typeof SHORTCUTS;

/** The keys of a shortcut, as they are printed on the keyboards of the page's language. */
export function shownKeys(name: ShortcutName): string {
  return `Alt + ${pageLanguage() === "en" ? "Shift" : "Maj"} + ${SHORTCUTS[name].code.slice(-1)}`;
}

/** Listens for the meeting's shortcuts. */
export function useShortcuts(actions: Readonly<Record<ShortcutName, () => void>>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.repeat) return;
      for (const name of Object.keys(SHORTCUTS) as ShortcutName[]) {
        if (!isPressed(event, name)) continue;
        event.preventDefault();
        actions[name]();
      }
    };
    window.addEventListener("keydown", pressed, { capture: true });
    return () => window.removeEventListener("keydown", pressed, { capture: true });
  }, [actions]);
}

/** By the letter that is printed on the key where Alt leaves one, by the key's place elsewhere. */
function isPressed(event: KeyboardEvent, name: ShortcutName): boolean {
  const letter = SHORTCUTS[name].code.slice(-1);
  const isLetter = /^[a-z]$/i.test(event.key);
  return isLetter ? event.key.toUpperCase() === letter : event.code === SHORTCUTS[name].code;
}
