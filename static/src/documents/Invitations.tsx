import { callApi } from "../shared/api.ts";
import type { Invitation, Role, Sharing } from "./contract.ts";
import { say } from "./messages.ts";

const OFFERED: readonly Role[] = ["reader", "editor", "administrator"];

interface Props {
  documentId: string;
  invitations: readonly Invitation[];
  onChange: (call: Promise<Sharing>) => void;
}

/** Whom the document waits for, by mail address. */
export function Invitations({ documentId, invitations, onChange }: Props) {
  if (invitations.length === 0) return null;
  const address = `/api/resources/${documentId}/invitations/`;
  const change = (email: string, role: Role): void => onChange(callApi<Sharing>(address, { method: "POST", body: { email, role } }));
  return (
    <section aria-label={say("invited")}>
      <h3 className="fr-text--md fr-mb-1w">{say("invited")}</h3>
      <ul className="accesses">
        {invitations.map(({ id, email, role, mailed }) => (
          <li key={id} className="accesses__row">
            <span className="accesses__mail fr-icon-mail-line fr-icon--sm" aria-hidden="true" />
            <span className="accesses__name">
              {email}
              <span className="accesses__said">{mailed ? say("mailed") : say("notMailed")}</span>
            </span>
            <select className="fr-select accesses__role" aria-label={say("roleOf", { name: email })} value={role} onChange={(event) => change(email, event.target.value as Role)}>
              {(OFFERED.includes(role) ? OFFERED : [role, ...OFFERED]).map((one) => (
                <option key={one} value={one}>
                  {say(one)}
                </option>
              ))}
            </select>
            <button
              type="button"
              className="fr-btn fr-btn--tertiary-no-outline fr-btn--sm fr-icon-delete-line"
              aria-label={`${say("withdraw")} – ${email}`}
              title={say("withdraw")}
              onClick={() => onChange(callApi<Sharing>(`${address}${id}/`, { method: "DELETE" }))}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
