import { useEffect, type RefObject } from "react";

/** Takes the page behind a meeting out of reach: nothing that it covers gets the focus, or is read aloud. */
export function useCovering(covering: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const covered: Element[] = [];
    for (let part: Element | null = covering.current; part !== null && part !== document.body; part = part.parentElement) {
      const beside = [...(part.parentElement?.children ?? [])].filter((one) => one !== part && !one.hasAttribute("inert"));
      covered.push(...beside);
    }
    for (const one of covered) one.setAttribute("inert", "");
    return () => {
      for (const one of covered) one.removeAttribute("inert");
    };
  }, [covering]);
}
