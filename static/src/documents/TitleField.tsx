import { useEffect, useLayoutEffect, useRef, useState } from "react";

import { ApiError, callApi } from "../shared/api.ts";
import type { DocumentInfo } from "./contract.ts";
import { say } from "./messages.ts";

const WAIT_MS = 600;
const AGAIN_MS = 3_000;
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

/** Nobody answered, or the server could not: the same may pass in a moment. */
function isPassing(error: Error): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
}

/** The document's first line: its title, saved a moment after it was typed, or as the field or the page is left; again where nobody answered. */
export function TitleField({ documentId, title, isEditable, onSaved, onFailed, onDone }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const shown = typed ?? title;

  useEffect(() => {
    if (typed === null) return undefined;
    const abort = new AbortController();
    const element = field.current;
    let isAsked = false;
    let hasFailed = false;
    const save = (): void => {
      if (isAsked) return;
      isAsked = true;
      clearTimeout(timer);
      callApi<DocumentInfo>(`/api/documents/${documentId}/`, { method: "PATCH", body: { title: typed }, signal: abort.signal, keepalive: true })
        .then((saved) => {
          onSaved(saved.title);
          setTyped(null);
        })
        .catch((error: unknown) => {
          if (abort.signal.aborted || !(error instanceof Error)) return;
          onFailed(error.message);
          if (!isPassing(error)) return;
          isAsked = false;
          hasFailed = true;
          timer = setTimeout(save, AGAIN_MS);
        });
    };
    const warn = (event: BeforeUnloadEvent): void => {
      if (hasFailed) event.preventDefault();
    };
    let timer = setTimeout(save, WAIT_MS);
    element?.addEventListener("blur", save);
    window.addEventListener("pagehide", save);
    window.addEventListener("beforeunload", warn);
    return () => {
      clearTimeout(timer);
      abort.abort();
      element?.removeEventListener("blur", save);
      window.removeEventListener("pagehide", save);
      window.removeEventListener("beforeunload", warn);
    };
  }, [typed, documentId, onSaved, onFailed]);

  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return undefined;
    const fit = (): void => {
      element.style.height = "auto";
      element.style.height = `${element.scrollHeight}px`;
    };
    fit();
    window.addEventListener("resize", fit);
    return () => window.removeEventListener("resize", fit);
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
