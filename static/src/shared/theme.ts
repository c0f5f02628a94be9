/** Light, dark or the system's: the choice is kept in this browser; `static/public/theme.js` reads it before paint. */
export type Scheme = "light" | "dark" | "system";

const KEY = "scheme";
const DARK = "(prefers-color-scheme: dark)";

/** The kept choice; `system` where there is none. */
export function readScheme(): Scheme {
  const scheme = document.documentElement.getAttribute("data-fr-scheme");
  return scheme === "light" || scheme === "dark" ? scheme : "system";
}

/** Keeps `scheme` in this browser and shows it. */
export function saveScheme(scheme: Scheme): void {
  try {
    localStorage.setItem(KEY, scheme);
  } catch {
    // A browser that keeps nothing still shows the choice on this page.
  }
  apply(scheme);
}

/** Follows the system when it changes between light and dark. */
export function followScheme(): void {
  window.matchMedia(DARK).addEventListener("change", () => apply(readScheme()));
}

function apply(scheme: Scheme): void {
  const dark = scheme === "dark" || (scheme === "system" && window.matchMedia(DARK).matches);
  document.documentElement.setAttribute("data-fr-scheme", scheme);
  document.documentElement.setAttribute("data-fr-theme", dark ? "dark" : "light");
}
