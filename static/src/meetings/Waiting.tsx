import { useEffect, useId, useState, type SyntheticEvent } from "react";

import type { RoomView } from "./contract.ts";
import { say } from "./messages.ts";
import { SelfView } from "./SelfView.tsx";

interface Props {
  room: RoomView;
  name: string;
  hostPresent: boolean;
  camera: MediaStreamTrack | null;
  lineLost: boolean;
  onRename: (name: string) => void;
  onCancel: () => void;
}

const MINUTE_MS = 60_000;

/** At the door: since when, whether a host is there, cancel, another name. */
export function Waiting({ room, name, hostPresent, camera, lineLost, onRename, onCancel }: Props) {
  const [since] = useState(() => Date.now());
  const [minutes, setMinutes] = useState(0);
  const [isRenaming, setIsRenaming] = useState(false);

  useEffect(() => {
    const timer = setInterval(() => setMinutes(Math.floor((Date.now() - since) / MINUTE_MS)), 5_000);
    return () => clearInterval(timer);
  }, [since]);

  const time = minutes === 0 ? say("lessThanAMinute") : say("minutes", { count: minutes });
  return (
    <div className="before">
      <section className="preview" aria-label={say("yourPicture")}>
        <div className="preview__picture">{camera === null ? <p className="preview__message">{say("cameraOff")}</p> : <SelfView track={camera} />}</div>
      </section>
      <section className="before__form">
        <p className="before__organization">{room.title}</p>
        <h1 className="fr-h3">{say("waitingTitle")}</h1>
        <div role="status">
          <p>{lineLost ? say("lineLost") : hostPresent ? say("waitingHostThere") : say("waitingNoHost")}</p>
          <p className="before__present">{say("waitingSince", { time })}</p>
        </div>
        {isRenaming ? (
          <Rename
            name={name}
            onRename={(given) => {
              onRename(given);
              setIsRenaming(false);
            }}
          />
        ) : (
          <p className="before__as">
            {say("youEnterAs", { name })}{" "}
            {room.me === null && (
              <button type="button" className="fr-link" onClick={() => setIsRenaming(true)}>
                {say("changeName")}
              </button>
            )}
          </p>
        )}
        <button type="button" className="fr-btn fr-btn--secondary" onClick={onCancel}>
          {say("cancelRequest")}
        </button>
      </section>
    </div>
  );
}

function Rename({ name, onRename }: { name: string; onRename: (name: string) => void }) {
  const [given, setGiven] = useState(name);
  const id = useId();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (given.trim() !== "") onRename(given.trim());
  };
  return (
    <form className="before__rename" onSubmit={submit}>
      <label className="fr-label" htmlFor={id}>
        {say("yourName")}
      </label>
      <div>
        <input id={id} className="fr-input" value={given} maxLength={100} autoFocus onChange={(event) => setGiven(event.target.value)} />
        <button type="submit" className="fr-btn">
          {say("save")}
        </button>
      </div>
    </form>
  );
}
