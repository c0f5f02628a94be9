import { useEffect, useState } from "react";

import { Icon } from "./Icon.tsx";
import { say } from "./messages.ts";

const SHOWN_MS = 2_500;

/** Copies the room's link, and says so. */
export function CopyLink({ slug }: { slug: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const link = `${window.location.origin}/rooms/${slug}/`;

  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);

  return (
    <div className="copy-link">
      <input className="fr-input copy-link__address" readOnly value={link} aria-label={link} onFocus={(event) => event.target.select()} />
      <button
        type="button"
        className="fr-btn fr-btn--secondary fr-btn--sm copy-link__button"
        onClick={() => void navigator.clipboard.writeText(link).then(() => setIsCopied(true))}
      >
        <Icon name={isCopied ? "check" : "link"} />
        <span aria-live="polite">{isCopied ? say("linkCopied") : say("copyLink")}</span>
      </button>
    </div>
  );
}
