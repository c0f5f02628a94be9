import { useState } from "react";

import { Dialog } from "../Dialog.tsx";
import { Icon } from "../Icon.tsx";
import type { ClientMessage, Person } from "../contract.ts";
import type { TileView } from "../inside/tiles.ts";
import { say } from "../messages.ts";
import type { Session } from "../session.ts";
import { Panel } from "./Panel.tsx";

interface Props {
  session: Session;
  faces: readonly TileView[];
  canModerate: boolean;
  send: (message: ClientMessage) => boolean;
  onClose: () => void;
}

/** Who asks to enter, who is here, and what a host may do about it. */
export function PeoplePanel({ session, faces, canModerate, send, onClose }: Props) {
  const [removing, setRemoving] = useState<TileView | null>(null);
  const known = new Map(session.people.map((person) => [person.participation_id, person]));
  const { waiting } = session;
  return (
    <Panel title={say("people")} onClose={onClose}>
      {canModerate && waiting.length > 0 && (
        <section className="people" aria-labelledby="lobby">
          <div className="people__head">
            <h3 id="lobby">
              {say("lobby")} <span className="people__count">{waiting.length}</span>
            </h3>
            {waiting.length > 1 && (
              <button type="button" className="fr-btn fr-btn--sm fr-btn--tertiary" onClick={() => send({ type: "admit_all" })}>
                {say("admitAll")}
              </button>
            )}
          </div>
          <ul>
            {waiting.map(({ participation_id, name }) => (
              <li key={participation_id} className="people__row">
                <span className="people__name">{name}</span>
                <button type="button" className="fr-btn fr-btn--sm fr-btn--secondary" aria-label={say("refusePerson", { name })} onClick={() => send({ type: "refuse", participation_id })}>
                  {say("refuse")}
                </button>
                <button type="button" className="fr-btn fr-btn--sm" aria-label={say("admitPerson", { name })} onClick={() => send({ type: "admit", participation_id })}>
                  {say("admit")}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="people" aria-labelledby="present">
        <div className="people__head">
          <h3 id="present">
            {say("present")} <span className="people__count">{faces.length}</span>
          </h3>
        </div>
        <ul>
          {faces.map((face) => (
            <li key={face.key} className="people__row">
              <span className="people__name">
                {face.isMe ? say("you", { name: face.name }) : face.name}
                <Remarks person={known.get(face.identity)} />
              </span>
              <span className={face.isSpeaking ? "people__sound people__sound--speaking" : "people__sound"}>
                <Icon name={face.isMuted ? "microphoneOff" : "microphone"} />
                <span className="fr-sr-only">{face.isMuted ? say("isMuted") : face.isSpeaking ? say("isSpeaking") : ""}</span>
              </span>
              {canModerate && !face.isMe && (
                <>
                  {!face.isMuted && (
                    <button type="button" className="people__act" aria-label={say("mutePerson", { name: face.name })} title={say("mutePerson", { name: face.name })} onClick={() => send({ type: "mute", participation_id: face.identity })}>
                      <Icon name="microphoneOff" />
                    </button>
                  )}
                  <button type="button" className="people__act" aria-label={say("removePerson", { name: face.name })} title={say("removePerson", { name: face.name })} onClick={() => setRemoving(face)}>
                    <Icon name="remove" />
                  </button>
                </>
              )}
            </li>
          ))}
        </ul>
      </section>
      {removing !== null && (
        <Dialog title={say("removeTitle", { name: removing.name })} onCancel={() => setRemoving(null)}>
          <p>{say("removeText")}</p>
          <div className="dialog__actions">
            <button type="button" className="fr-btn fr-btn--secondary" onClick={() => setRemoving(null)}>
              {say("cancel")}
            </button>
            <button
              type="button"
              className="fr-btn dialog__danger"
              onClick={() => {
                send({ type: "remove", participation_id: removing.identity });
                setRemoving(null);
              }}
            >
              {say("remove")}
            </button>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}

function Remarks({ person }: { person: Person | undefined }) {
  const remarks = [person?.guest === true ? say("guest") : "", person?.shared_microphone === true ? say("sharedBadge") : ""].filter(Boolean);
  return remarks.length === 0 ? null : <small> ({remarks.join(", ")})</small>;
}
