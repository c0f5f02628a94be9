import { useState } from "react";

import { callApi } from "../shared/api.ts";
import { Avatar } from "../shared/people/Avatar.tsx";
import type { AccessRequest, Role, Sharing } from "./contract.ts";
import { say } from "./messages.ts";

const OFFERED: readonly Role[] = ["reader", "editor", "administrator"];

interface Props {
  documentId: string;
  requests: readonly AccessRequest[];
  onChange: (call: Promise<Sharing>) => void;
}

/** Who asks for access, to be accepted with a role or declined. */
export function Requests({ documentId, requests, onChange }: Props) {
  if (requests.length === 0) return null;
  return (
    <section className="requests" aria-label={say("requests")}>
      <h3 className="fr-text--md fr-mb-1w">{say("requests")}</h3>
      <ul className="accesses">
        {requests.map((request) => (
          <RequestRow key={request.id} address={`/api/resources/${documentId}/requests/${request.id}/`} request={request} onChange={onChange} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  address: string;
  request: AccessRequest;
  onChange: (call: Promise<Sharing>) => void;
}

function RequestRow({ address, request, onChange }: RowProps) {
  const [role, setRole] = useState<Role>("reader");
  const { name, id } = request.person;
  return (
    <li className="accesses__row">
      <Avatar id={id} name={name} />
      <span className="accesses__name">
        {name}
        {request.message !== "" && <q className="accesses__said">{request.message}</q>}
      </span>
      <select className="fr-select accesses__role" aria-label={say("roleOf", { name })} value={role} onChange={(event) => setRole(event.target.value as Role)}>
        {OFFERED.map((one) => (
          <option key={one} value={one}>
            {say(one)}
          </option>
        ))}
      </select>
      <span className="accesses__answers">
        <button type="button" className="fr-btn fr-btn--sm" aria-label={`${say("accept")} – ${name}`} onClick={() => onChange(callApi<Sharing>(address, { method: "POST", body: { role } }))}>
          {say("accept")}
        </button>
        <button
          type="button"
          className="fr-btn fr-btn--tertiary-no-outline fr-btn--sm"
          aria-label={`${say("decline")} – ${name}`}
          onClick={() => onChange(callApi<Sharing>(address, { method: "DELETE" }))}
        >
          {say("decline")}
        </button>
      </span>
    </li>
  );
}
