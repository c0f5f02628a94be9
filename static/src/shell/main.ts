import "./shell.css";

import { followScheme, readScheme, saveScheme, type Scheme } from "../shared/theme.ts";
import { sendOnce } from "./sendOnce.ts";
import { tellTimeZone } from "./zone.ts";

/** Wires the choice of light, dark or system theme in the person's menu. */
function wireThemeChoice(choice: HTMLElement): void {
  const current = readScheme();
  for (const radio of choice.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
    radio.checked = radio.value === current;
    radio.addEventListener("change", () => saveScheme(radio.value as Scheme));
  }
}

tellTimeZone();
followScheme();
sendOnce();
document.querySelectorAll<HTMLElement>("[data-theme-choice]").forEach(wireThemeChoice);
