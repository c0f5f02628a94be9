import { useEffect, useLayoutEffect, useRef, useState } from "react";

import { callApi } from "../shared/api.ts";
import type { DocumentInfo } from "./contract.ts";
import { say } from "./messages.ts";

const WAIT_MS = 600;
const CHARACTERS_MAX = 300;

interface Props {
  documentId: string;
  /** As the server has it; what is being typed here goes first. */
  title: string;
  isEditable: boolean;
  onSaved: (title: string) => void;
  onFailed: (message: string) => void;
  /** Enter: on to the text. */
  onDone: () => void;
}

/** The document's first line: its title, saved a moment after it was typed. */
export function TitleField({ documentId, title, isEditable, onSaved, onFailed, onDone }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = typed ?? title;

  useEffect(() => {
    if (typed === null) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      callApi<DocumentInfo>(`/api/documents/${documentId}/`, { method: "PATCH", body: { title: typed }, signal: abort.signal })
        .then((saved) => {
          onSaved(saved.title);
          setTyped(null);
        })
        .catch((error: unknown) => {
          if (!abort.signal.aborted && error instanceof Error) onFailed(error.message);
        });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [typed, documentId, onSaved, onFailed]);

  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [shown]);

  if (!isEditable) return <h1 className="document__title">{shown === "" ? say("untitled") : shown}</h1>;
  return (
    <h1 className="document__title-line">
      <textarea
        ref={field}
        className="document__title"
        rows={1}
        maxLength={CHARACTERS_MAX}
        aria-label={say("title")}
        placeholder={say("untitled")}
        value={shown}
        // A document without a name has just been made.
        autoFocus={title === "" && window.matchMedia("(hover: hover)").matches}
        onChange={(event) => setTyped(event.target.value.replace(/\s*\n\s*/gu, " "))}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            event.preventDefault();
            onDone();
          }
        }}
      />
    </h1>
  );
}
