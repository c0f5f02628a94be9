import { useEffect, useId, useState } from "react";

import { callApi } from "../shared/api.ts";
import type { Reach, Role, Sharing } from "./contract.ts";
import { say } from "./messages.ts";

const REACHES: readonly Reach[] = ["restricted", "organization", "everyone"];
const SHOWN_MS = 2_500;

interface Props {
  documentId: string;
  sharing: Sharing;
  onChange: (call: Promise<Sharing>) => void;
}

/** Whom the link alone lets in, and the link. */
export function LinkChoice({ documentId, sharing, onChange }: Props) {
  const id = useId();
  const [isCopied, setIsCopied] = useState(false);
  const { reach, role } = sharing.link;
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const put = (link: { reach: Reach; role: Role }): void =>
    onChange(callApi<Sharing>(`/api/resources/${documentId}/link/`, { method: "PUT", body: link }));
  return (
    <div className="link-choice">
      {sharing.may_share ? (
        <>
          <label className="fr-label" htmlFor={id}>
            {say("link")}
          </label>
          <div className="link-choice__fields">
            <select id={id} className="fr-select" value={reach} onChange={(event) => put({ reach: event.target.value as Reach, role })}>
              {REACHES.map((one) => (
                <option key={one} value={one}>
                  {say(one)}
                </option>
              ))}
            </select>
            {reach !== "restricted" && (
              <select
                className="fr-select link-choice__role"
                aria-label={say("linkRole")}
                value={role}
                onChange={(event) => put({ reach, role: event.target.value as Role })}
              >
                <option value="reader">{say("linkReads")}</option>
                <option value="editor">{say("linkWrites")}</option>
              </select>
            )}
          </div>
        </>
      ) : (
        <>
          <p className="fr-label fr-mb-1v">{say("link")}</p>
          <p className="fr-mb-2w">
            {say(reach)}
            {reach !== "restricted" && ` ${say(role === "reader" ? "linkReads" : "linkWrites")}`}
          </p>
        </>
      )}
      <button
        type="button"
        className={`fr-btn fr-btn--secondary fr-btn--sm fr-btn--icon-left ${isCopied ? "fr-icon-check-line" : "fr-icon-link"}`}
        onClick={() => void navigator.clipboard.writeText(window.location.href).then(() => setIsCopied(true))}
      >
        <span aria-live="polite">{isCopied ? say("linkCopied") : say("copyLink")}</span>
      </button>
    </div>
  );
}
