import { useSyncExternalStore } from "react";

/** Whether the page is shown dark at this moment. */
export function useDarkTheme(): boolean {
  return useSyncExternalStore(subscribe, () => document.documentElement.getAttribute("data-fr-theme") === "dark");
}

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-fr-theme"] });
  return () => observer.disconnect();
}
