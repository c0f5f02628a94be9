import { useId, useState } from "react";

import { callApi } from "../shared/api.ts";
import type { Colleague } from "../shared/people/payloads.ts";
import { Modal } from "../shared/people/Modal.tsx";
import { PeoplePicker } from "../shared/people/PeoplePicker.tsx";
import type { ChannelInfo } from "./contract.ts";
import { say } from "./messages.ts";

interface Props {
  onClose: () => void;
  onMade: (info: ChannelInfo) => void;
}

/** A channel's name, and who is in it. */
export function NewChannel({ onClose, onMade }: Props) {
  const [title, setTitle] = useState("");
  const [people, setPeople] = useState<readonly Colleague[]>([]);
  const [refusal, setRefusal] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const id = useId();

  const make = (): void => {
    setIsBusy(true);
    callApi<ChannelInfo>("/api/channels/", { method: "POST", body: { title, people: people.map((person) => person.id) } })
      .then(onMade)
      .catch((error: unknown) => {
        setRefusal(error instanceof Error ? error.message : String(error));
        setIsBusy(false);
      });
  };
  return (
    <Modal title={say("newChannel")} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (title.trim() !== "") make();
        }}
      >
        {refusal !== "" && (
          <p className="fr-error-text" role="alert">
            {refusal}
          </p>
        )}
        <div className="fr-input-group">
          <label className="fr-label" htmlFor={id}>
            {say("name")}
            <span className="fr-hint-text">{say("nameHint")}</span>
          </label>
          {/* The dialog was opened to name a channel. */}
          <input id={id} className="fr-input" value={title} maxLength={300} required autoFocus onChange={(event) => setTitle(event.target.value)} />
        </div>
        {people.length > 0 && (
          <ul className="chosen" aria-label={say("withWhom")}>
            {people.map((person) => (
              <li key={person.id}>
                <button
                  type="button"
                  className="fr-tag fr-tag--dismiss"
                  aria-label={say("removePerson", { name: person.name })}
                  onClick={() => setPeople(people.filter((one) => one.id !== person.id))}
                >
                  {person.name}
                </button>
              </li>
            ))}
          </ul>
        )}
        <PeoplePicker without={new Set(people.map((person) => person.id))} label={say("bringIn")} onPick={(person) => setPeople([...people, person])} />
        <div className="modal__actions">
          <button type="button" className="fr-btn fr-btn--secondary" onClick={onClose}>
            {say("cancel")}
          </button>
          <button type="submit" className="fr-btn" disabled={isBusy || title.trim() === ""}>
            {say("create")}
          </button>
        </div>
      </form>
    </Modal>
  );
}
