import { useState } from "react";

import { callApi } from "../shared/api.ts";
import { Modal } from "../shared/people/Modal.tsx";
import { PeoplePicker } from "../shared/people/PeoplePicker.tsx";
import type { ChannelInfo } from "./contract.ts";
import { say } from "./messages.ts";

interface Props {
  viewerId: string;
  onClose: () => void;
  onMade: (info: ChannelInfo) => void;
}

/** Whom to write to. */
export function NewDirect({ viewerId, onClose, onMade }: Props) {
  const [refusal, setRefusal] = useState("");
  const open = (person: string): void => {
    callApi<ChannelInfo>("/api/channels/direct/", { method: "POST", body: { person } })
      .then(onMade)
      .catch((error: unknown) => setRefusal(error instanceof Error ? error.message : String(error)));
  };
  return (
    <Modal title={say("writeTo")} onClose={onClose}>
      {refusal !== "" && (
        <p className="fr-error-text" role="alert">
          {refusal}
        </p>
      )}
      <PeoplePicker without={new Set([viewerId])} onPick={(person) => open(person.id)} autoFocus />
    </Modal>
  );
}
