import { useId, useState, type KeyboardEvent } from "react";

import { Avatar } from "./Avatar.tsx";
import type { Colleague } from "./payloads.ts";
import { say } from "./messages.ts";
import { useColleagues, type Found } from "./useColleagues.ts";

const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/u;

interface Props {
  /** Who is not offered: already chosen, already in. */
  without: ReadonlySet<string>;
  onPick: (person: Colleague) => void;
  /** Where given, a whole mail address that is nobody's here is offered for this, in the words of `inviteWords`. */
  onInvite?: (email: string) => void;
  inviteWords?: (email: string) => string;
  label?: string;
  autoFocus?: boolean;
}

/** A field that finds colleagues by name; arrows choose, Enter picks (ARIA's combobox with a list). */
export function PeoplePicker({ without, onPick, onInvite, inviteWords, label = say("find"), autoFocus = false }: Props) {
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const id = useId();
  const query = text.trim();
  const found = useColleagues(query);
  const people = found.people.filter((person) => !without.has(person.id));
  const chosen = people[Math.min(place, people.length - 1)];
  const isInvitable = onInvite !== undefined && MAIL.test(query) && found.query === query && !found.hasFailed && found.people.length === 0;

  const pick = (person: Colleague): void => {
    setText("");
    setPlace(0);
    onPick(person);
  };
  const invite = (): void => {
    setText("");
    onInvite?.(query);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setPlace((people.length + Math.min(place, people.length - 1) + step) % Math.max(people.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (chosen !== undefined) pick(chosen);
      else if (isInvitable) invite();
    } else if (event.key === "Escape" && text !== "") {
      event.preventDefault();
      setText("");
    }
  };
  return (
    <div className="picker">
      <label className="fr-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="fr-input"
        type="text"
        autoComplete="off"
        role="combobox"
        aria-expanded={people.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.id}`}
        value={text}
        // The dialog was opened to find somebody.
        autoFocus={autoFocus}
        onChange={(event) => {
          setText(event.target.value);
          setPlace(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} className="picker__list" role="listbox" aria-label={label}>
        {people.map((person) => (
          <li
            key={person.id}
            id={`${id}-${person.id}`}
            role="option"
            aria-selected={person.id === chosen?.id}
            className="picker__person"
            onMouseDown={(event) => {
              event.preventDefault();
              pick(person);
            }}
          >
            <Avatar id={person.id} name={person.name} />
            <span className="picker__name">
              {person.name}
              <span className="picker__more">{person.unit === "" ? person.email : person.unit}</span>
            </span>
          </li>
        ))}
      </ul>
      {isInvitable ? (
        <button type="button" className="picker__invite fr-btn fr-btn--secondary fr-btn--sm fr-btn--icon-left fr-icon-mail-line" onClick={invite}>
          {inviteWords?.(query) ?? query}
        </button>
      ) : (
        <p className="picker__said" role="status">
          {saidOf(query, found, people.length)}
        </p>
      )}
    </div>
  );
}

function saidOf(query: string, found: Found, number: number): string {
  if (query === "" || found.query !== query) return "";
  if (found.hasFailed) return say("failed");
  if (number === 0) return say("nobody");
  return number === 1 ? say("foundOne") : say("found", { number });
}
