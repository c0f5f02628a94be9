import { useCallback, useEffect, useState } from "react";

import { callApi } from "../shared/api.ts";
import { Avatar } from "../shared/people/Avatar.tsx";
import { Modal } from "../shared/people/Modal.tsx";
import { PeoplePicker } from "../shared/people/PeoplePicker.tsx";
import type { Access, DocumentInfo, Role, Sharing } from "./contract.ts";
import { Invitations } from "./Invitations.tsx";
import { LinkChoice } from "./LinkChoice.tsx";
import { say } from "./messages.ts";
import { Requests } from "./Requests.tsx";

const GIVEN: readonly Role[] = ["reader", "editor", "administrator"];

interface Props {
  info: DocumentInfo;
  onClose: () => void;
}

/** Who has access, and who may be given it. */
export function ShareDialog({ info, onClose }: Props) {
  const address = `/api/resources/${info.id}/sharing/`;
  const [sharing, setSharing] = useState<Sharing | null>(null);
  const [refusal, setRefusal] = useState("");
  const change = useCallback((call: Promise<Sharing | null>): void => {
    call
      .then((changed) => {
        if (changed !== null) setSharing(changed);
        setRefusal("");
      })
      .catch((error: unknown) => setRefusal(error instanceof Error ? error.message : String(error)));
  }, []);
  useEffect(() => change(callApi<Sharing>(address)), [address, change]);

  const give = (person: string, role: Role): void => change(callApi<Sharing>(address, { method: "POST", body: { person, role } }));
  const invite = (email: string): void =>
    change(callApi<Sharing>(`/api/resources/${info.id}/invitations/`, { method: "POST", body: { email, role: "editor" } }));
  const takeBack = (access: Access): void => {
    const call = callApi<Sharing | null>(`${address}${access.id}/`, { method: "DELETE" });
    change(call);
    if (access.principal.id === info.me.id) void call.then(() => window.location.assign("/documents/"));
  };
  return (
    <Modal title={say("shareTitle", { title: info.title === "" ? say("untitled") : info.title })} onClose={onClose}>
      {refusal !== "" && (
        <div className="fr-alert fr-alert--error fr-alert--sm fr-mb-2w" role="alert">
          <p>{refusal}</p>
        </div>
      )}
      {sharing === null && refusal === "" && <p role="status">{say("loading")}</p>}
      {sharing !== null && (
        <>
          {sharing.may_share && (
            <PeoplePicker
              label={say("addPeople")}
              without={new Set(sharing.accesses.map((access) => access.principal.id))}
              onPick={(person) => give(person.id, "editor")}
              onInvite={invite}
              inviteWords={(email) => say("invite", { email })}
              autoFocus
            />
          )}
          <Requests documentId={info.id} requests={sharing.requests} onChange={change} />
          <h3 className="fr-text--md fr-mb-1w">{say("peopleWithAccess")}</h3>
          <ul className="accesses">
            {sharing.accesses.map((access) => (
              <AccessRow key={access.id} access={access} sharing={sharing} meId={info.me.id} onGive={give} onTakeBack={takeBack} />
            ))}
          </ul>
          <Invitations documentId={info.id} invitations={sharing.invitations} onChange={change} />
          <LinkChoice documentId={info.id} sharing={sharing} onChange={change} />
        </>
      )}
      <div className="modal__actions">
        <button type="button" className="fr-btn" onClick={onClose}>
          {say("done")}
        </button>
      </div>
    </Modal>
  );
}

interface RowProps {
  access: Access;
  sharing: Sharing;
  meId: string;
  onGive: (person: string, role: Role) => void;
  onTakeBack: (access: Access) => void;
}

function AccessRow({ access, sharing, meId, onGive, onTakeBack }: RowProps) {
  const { principal, role } = access;
  const isMe = principal.id === meId;
  const mayChange = sharing.may_share && role !== "owner" && principal.kind === "person";
  const mayRemove = role !== "owner" && (sharing.may_share || isMe);
  const name = isMe ? say("you", { name: principal.name }) : principal.name;
  return (
    <li className="accesses__row">
      <Avatar id={principal.id} name={principal.name} />
      <span className="accesses__name">{name}</span>
      {mayChange ? (
        <select className="fr-select accesses__role" aria-label={say("roleOf", { name })} value={role} onChange={(event) => onGive(principal.id, event.target.value as Role)}>
          {(GIVEN.includes(role) ? GIVEN : [role, ...GIVEN]).map((one) => (
            <option key={one} value={one}>
              {say(one)}
            </option>
          ))}
        </select>
      ) : (
        <span className="accesses__role-name">{say(role)}</span>
      )}
      {mayRemove && (
        <button
          type="button"
          className="fr-btn fr-btn--tertiary-no-outline fr-btn--sm fr-icon-delete-line"
          aria-label={`${isMe ? say("leave") : say("remove")} – ${principal.name}`}
          title={isMe ? say("leave") : say("remove")}
          onClick={() => onTakeBack(access)}
        />
      )}
    </li>
  );
}
