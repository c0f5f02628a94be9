import { Avatar } from "../shared/people/Avatar.tsx";
import type { Me } from "./contract.ts";
import { say } from "./messages.ts";

const SHOWN = 4;

/** Who has the document open, in the colours of their cursors. */
export function People({ present, me }: { present: readonly Me[]; me: Me }) {
  const shown = present.slice(0, present.length > SHOWN ? SHOWN - 1 : SHOWN);
  const rest = present.slice(shown.length);
  return (
    <ul className="people" aria-label={say("here")}>
      {shown.map((person) => (
        <li key={person.id} title={say("hereOne", { name: person.name })}>
          <Avatar id={person.id} name={person.name} colour={person.color} />
          <span className="fr-sr-only">{person.name}</span>
        </li>
      ))}
      {rest.length > 0 && (
        <li title={rest.map((person) => person.name).join(", ")}>
          <span className="avatar people__more" aria-hidden="true">
            +{rest.length}
          </span>
          <span className="fr-sr-only">{say("more", { number: rest.length })}</span>
        </li>
      )}
      <li title={say("you", { name: me.name })}>
        <Avatar id={me.id} name={me.name} colour={me.color} />
        <span className="fr-sr-only">{say("you", { name: me.name })}</span>
      </li>
    </ul>
  );
}
