import { useEffect, useId, useRef, type ReactNode } from "react";

import { Icon } from "../Icon.tsx";
import { say } from "../messages.ts";

interface Props {
  title: string;
  children: ReactNode;
  onClose: () => void;
  /** What one writes with, kept in sight at the foot. */
  foot?: ReactNode;
}

/** The one place at the side: it pushes the stage, Escape closes it. */
export function Panel({ title, children, onClose, foot }: Props) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (heading.current?.parentElement?.parentElement?.contains(document.activeElement) !== true) heading.current?.focus();
  }, []);
  return (
    <aside
      className="panel"
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <header className="panel__head">
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="panel__close" aria-label={say("closePanel")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="panel__body">{children}</div>
      {foot !== undefined && <div className="panel__foot">{foot}</div>}
    </aside>
  );
}
