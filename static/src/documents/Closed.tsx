import { say } from "./messages.ts";

export type Ending = "gone" | "broken" | "full";

/** The document cannot be shown any more: what happened, and what to do. */
export function Closed({ ending }: { ending: Ending }) {
  return (
    <div className="page page--narrow document-closed" role="alert">
      <h1 className="fr-h4">{say(`${ending}Title`)}</h1>
      <p>{say(`${ending}Hint`)}</p>
      {ending === "broken" && (
        <button type="button" className="fr-btn fr-mr-2w" onClick={() => window.location.reload()}>
          {say("reload")}
        </button>
      )}
      <a className="fr-link" href="/documents/">
        {say("allDocuments")}
      </a>
    </div>
  );
}
