import { useCallback, useEffect, useRef, useState } from "react";

import { callApi } from "../shared/api.ts";
import { Discard } from "../shared/resources/Discard.tsx";
import { Star } from "../shared/resources/Star.tsx";
import { goToSignIn } from "../shared/socket.ts";
import { Closed, type Ending } from "./Closed.tsx";
import { mayWrite, type DocumentInfo, type Role } from "./contract.ts";
import { Editor } from "./Editor.tsx";
import { LineState } from "./LineState.tsx";
import { say } from "./messages.ts";
import { People } from "./People.tsx";
import { DocumentSession, type Line } from "./session.ts";
import { ShareDialog } from "./ShareDialog.tsx";
import { TitleField } from "./TitleField.tsx";
import { usePresent } from "./usePresent.ts";

const NOT_SIGNED_IN = 4401;
const READ_ONLY = 4403;
const NOT_FOUND = 4404;
const FULL = 4413;

/** A document, from what the server wrote into the page; a session that ended because of a right begins again with the new one. */
export function DocumentPage({ first }: { first: DocumentInfo }) {
  const [info, setInfo] = useState(first);
  const [sitting, setSitting] = useState(0);
  const [ending, setEnding] = useState<Ending | null>(null);
  const [notice, setNotice] = useState("");

  const onClosed = useCallback(
    (code: number): void => {
      if (code === NOT_SIGNED_IN) goToSignIn();
      else if (code === NOT_FOUND) setEnding("gone");
      else if (code === FULL) setEnding("full");
      else if (code !== READ_ONLY) setEnding("broken");
      else {
        callApi<DocumentInfo>(`/api/documents/${first.id}/`)
          .then((now) => {
            setInfo(now);
            setNotice(say("readOnlyNow"));
            setSitting((before) => before + 1);
          })
          .catch(() => setEnding("gone"));
      }
    },
    [first.id],
  );
  if (ending !== null) return <Closed ending={ending} />;
  return <Sitting key={sitting} info={info} notice={notice} onInfo={setInfo} onClosed={onClosed} />;
}

interface SittingProps {
  info: DocumentInfo;
  notice: string;
  onInfo: (change: (before: DocumentInfo) => DocumentInfo) => void;
  onClosed: (code: number) => void;
}

function Sitting({ info, notice, onInfo, onClosed }: SittingProps) {
  const [session, setSession] = useState<DocumentSession | null>(null);
  const [line, setLine] = useState<Line>("opening");
  const onTitle = useCallback((title: string) => onInfo((before) => ({ ...before, title })), [onInfo]);
  const onRole = useCallback(
    (role: Role) => onInfo((before) => ({ ...before, role, may_write: mayWrite(role), may_share: role === "owner" || role === "administrator" })),
    [onInfo],
  );
  useEffect(() => {
    const opened = new DocumentSession(info.id, { onLine: setLine, onTitle, onRole, onClosed });
    // The session is the outside world: it opens and closes with this component.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setSession(opened);
    const warn = (event: BeforeUnloadEvent): void => {
      if (!opened.isSaved) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
      opened.close();
    };
  }, [info.id, onTitle, onRole, onClosed]);
  useEffect(() => {
    document.title = `${info.title === "" ? say("untitled") : info.title} – Suite`;
  }, [info.title]);
  if (session === null) return null;
  return <Opened session={session} line={line} info={info} notice={notice} onTitle={onTitle} />;
}

interface OpenedProps {
  session: DocumentSession;
  line: Line;
  info: DocumentInfo;
  notice: string;
  onTitle: (title: string) => void;
}

function Opened({ session, line, info, notice, onTitle }: OpenedProps) {
  const [isSharing, setIsSharing] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [isTextWanted, setIsTextWanted] = useState(false);
  const text = useRef<HTMLDivElement>(null);
  const present = usePresent(session.provider.awareness, info.me);
  const hasOpened = line !== "opening";
  const onTitleSaved = useCallback(
    (title: string): void => {
      setRefusal("");
      onTitle(title);
    },
    [onTitle],
  );
  useEffect(() => {
    if (!isTextWanted || !hasOpened) return;
    text.current?.querySelector<HTMLElement>("[contenteditable]")?.focus();
    // What was asked for is done.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setIsTextWanted(false);
  }, [isTextWanted, hasOpened]);
  return (
    <article className="document">
      <header className="document__bar">
        <a className="document__back fr-link fr-link--icon-left fr-icon-arrow-left-line" href="/documents/">
          <span className="document__back-words">{say("back")}</span>
        </a>
        <LineState line={line} isEditable={info.may_write} />
        <People present={present} me={info.me} />
        <span className="document__verbs">
          <Star resourceId={info.id} isMarked={info.favourite} />
          {info.may_discard && <Discard resourceId={info.id} next="/documents/" />}
        </span>
        <button type="button" className="fr-btn fr-btn--sm" onClick={() => setIsSharing(true)}>
          {say("share")}
        </button>
      </header>
      {[notice, refusal]
        .filter((words) => words !== "")
        .map((words) => (
          <div key={words} className="fr-alert fr-alert--warning fr-alert--sm document__notice" role="alert">
            <p>{words}</p>
          </div>
        ))}
      <div className="document__sheet">
        <TitleField
          documentId={info.id}
          title={info.title}
          isEditable={info.may_write}
          onSaved={onTitleSaved}
          onFailed={setRefusal}
          onDone={() => setIsTextWanted(true)}
        />
        <div ref={text} className={hasOpened ? "document__text" : "document__text document__text--opening"} aria-busy={!hasOpened}>
          {hasOpened ? <Editor session={session} me={info.me} isEditable={info.may_write} /> : <Skeleton />}
        </div>
      </div>
      {isSharing && <ShareDialog info={info} onClose={() => setIsSharing(false)} />}
    </article>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      <span />
      <span />
      <span />
    </div>
  );
}
