import { useState } from "react";

import { callApi } from "../shared/api.ts";
import { Avatar } from "../shared/people/Avatar.tsx";
import { Modal } from "../shared/people/Modal.tsx";
import { PeoplePicker } from "../shared/people/PeoplePicker.tsx";
import { Discard } from "../shared/resources/Discard.tsx";
import type { ChannelInfo } from "./contract.ts";
import { say } from "./messages.ts";

interface Props {
  info: ChannelInfo;
  viewerId: string;
  onChange: (info: ChannelInfo) => void;
  onClose: () => void;
}

/** Who is in the channel; who may, brings others in. */
export function PeopleDialog({ info, viewerId, onChange, onClose }: Props) {
  const [refusal, setRefusal] = useState("");
  const bringIn = (person: string): void => {
    callApi<ChannelInfo>(`/api/channels/${info.id}/people/`, { method: "POST", body: { person } })
      .then((changed) => {
        onChange(changed);
        setRefusal("");
      })
      .catch((error: unknown) => setRefusal(error instanceof Error ? error.message : String(error)));
  };
  return (
    <Modal title={say("membersTitle", { title: info.title })} onClose={onClose}>
      {refusal !== "" && (
        <p className="fr-error-text" role="alert">
          {refusal}
        </p>
      )}
      {info.may_bring_in && (
        <PeoplePicker label={say("bringIn")} without={new Set(info.people.map((person) => person.id))} onPick={(person) => bringIn(person.id)} />
      )}
      <ul className="members">
        {info.people.map((person) => (
          <li key={person.id}>
            <Avatar id={person.id} name={person.name} />
            {person.id === viewerId ? say("you", { name: person.name }) : person.name}
          </li>
        ))}
      </ul>
      {info.may_discard && (
        <div className="modal__actions">
          <Discard resourceId={info.id} next="/trash/" words={say("discard")} />
        </div>
      )}
    </Modal>
  );
}
