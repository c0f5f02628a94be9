import { useId, useLayoutEffect, useRef, type ReactNode } from "react";

import { say } from "./messages.ts";

interface Props {
  title: string;
  children: ReactNode;
  onClose: () => void;
}

/** A window over the page: the browser keeps the keyboard in it, Escape and the cross close it. */
export function Modal({ title, children, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // In time to close while it is still on the page: the browser gives the focus back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The browser would go to the cross: where there is something to fill in, one is there to fill it.
    element?.querySelector("input")?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="modal"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="modal__box">
        <div className="modal__header">
          <h2 id={id}>{title}</h2>
          <button type="button" className="fr-btn fr-btn--tertiary-no-outline fr-icon-close-line" aria-label={say("close")} title={say("close")} onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  );
}
