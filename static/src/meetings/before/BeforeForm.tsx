import { useId, useRef, useState, type SyntheticEvent } from "react";

import type { RoomView } from "../contract.ts";
import { say } from "../messages.ts";
import { sayNames } from "../names.ts";
import { CopyLink } from "../CopyLink.tsx";
import { readGuestName, saveGuestName } from "./guestName.ts";

export interface JoinRequest {
  name?: string;
  shared_microphone: boolean;
}

interface Props {
  room: RoomView;
  isJoining: boolean;
  refusal: string | null;
  onJoin: (request: JoinRequest) => void;
}

const NAME_MAX = 100;

/** Who I am in this meeting, who is there, and the one button. */
export function BeforeForm({ room, isJoining, refusal, onJoin }: Props) {
  const isGuest = room.me === null;
  const [name, setName] = useState(isGuest ? readGuestName : "");
  const [isShared, setIsShared] = useState(false);
  const [isNameMissing, setIsNameMissing] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const ids = { name: useId(), hint: useId(), shared: useId(), error: useId() };
  const needsName = isGuest || isShared;

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const given = name.trim();
    if (needsName && given === "") {
      setIsNameMissing(true);
      field.current?.focus();
      return;
    }
    if (isGuest) saveGuestName(given);
    onJoin({ ...(needsName ? { name: given } : {}), shared_microphone: isShared });
  };

  return (
    <form className="before__form" onSubmit={submit} noValidate>
      <p className="before__organization">{room.organization}</p>
      <h1 className="fr-h3">{room.title}</h1>
      <Present room={room} />
      {room.me !== null && !isShared && <p className="before__as">{say("youEnterAs", { name: room.me.name })}</p>}
      {needsName && (
        <div className={isNameMissing ? "fr-input-group fr-input-group--error" : "fr-input-group"}>
          <label className="fr-label" htmlFor={ids.name}>
            {isShared ? say("roomName") : say("yourName")}
            <span className="fr-hint-text" id={ids.hint}>
              {isShared ? say("roomNameHint") : say("yourNameHint")}
            </span>
          </label>
          <input
            ref={field}
            id={ids.name}
            className="fr-input"
            autoComplete="name"
            maxLength={NAME_MAX}
            value={name}
            aria-describedby={isNameMissing ? `${ids.hint} ${ids.error}` : ids.hint}
            aria-invalid={isNameMissing}
            onChange={(event) => {
              setName(event.target.value);
              setIsNameMissing(false);
            }}
          />
          {isNameMissing && (
            <p className="fr-error-text" id={ids.error} role="alert">
              {isShared ? say("roomNameMissing") : say("nameMissing")}
            </p>
          )}
        </div>
      )}
      <div className="fr-checkbox-group fr-checkbox-group--sm">
        <input id={ids.shared} type="checkbox" checked={isShared} onChange={(event) => setIsShared(event.target.checked)} />
        <label className="fr-label" htmlFor={ids.shared}>
          {say("sharedMicrophone")}
          <span className="fr-hint-text">{say("sharedMicrophoneHint")}</span>
        </label>
      </div>
      {refusal !== null && (
        <div className="fr-alert fr-alert--error fr-alert--sm" role="alert">
          <p>{refusal}</p>
        </div>
      )}
      <button type="submit" className="fr-btn fr-btn--lg before__join" aria-disabled={isJoining} disabled={isJoining}>
        {isJoining ? say("joining") : room.may_enter ? say("join") : say("askToEnter")}
      </button>
      {!room.may_enter && <p className="before__entry">{say("entryAsk")}</p>}
      <div className="before__more">
        {isGuest ? (
          <p>
            {say("signInInstead")}{" "}
            <a className="fr-link" href={`/sign-in/?next=${encodeURIComponent(window.location.pathname)}`}>
              {say("signIn")}
            </a>
          </p>
        ) : (
          <CopyLink slug={room.slug} />
        )}
      </div>
    </form>
  );
}

function Present({ room }: { room: RoomView }) {
  const sentences = [room.inside ? say("insideAlready") : "", othersIn(room)].filter((one) => one !== "");
  if (sentences.length === 0) return null;
  return (
    <p className="before__present" role="status">
      {sentences.join(" ")}
    </p>
  );
}

function othersIn({ present, inside }: RoomView): string {
  if (present === null) return "";
  const names = present.filter((person) => person.device === 1).map((person) => person.name);
  if (names.length === 0) return inside ? "" : say("nobodyThere");
  return say(names.length === 1 ? "oneThere" : "manyThere", { names: sayNames(names) });
}
