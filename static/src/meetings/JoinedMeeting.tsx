import { useCallback, useEffect, useState } from "react";

import type { JoinAnswer, RoomView } from "./contract.ts";
import { insideIfLoaded, loadInside } from "./inside/load.ts";
import { say } from "./messages.ts";
import type { Ending } from "./session.ts";
import { useRoomView } from "./useRoomView.ts";
import type { LocalSources } from "./usePreview.ts";
import { useSession } from "./useSession.ts";
import { Waiting } from "./Waiting.tsx";

interface Props {
  room: RoomView;
  answer: JoinAnswer;
  sources: LocalSources;
  guestName: string;
  onOver: (ending: Ending, unsent: readonly string[]) => void;
}

/** With a participation: at the door, then inside. The meeting's socket lives as long as this. */
export function JoinedMeeting({ room, answer, sources, guestName, onOver }: Props) {
  const live = useSession(answer, room.me !== null);
  const { session, line, send, leave } = live;
  const [renamed, setRenamed] = useState<string | null>(null);
  const isWaiting = session.entry === null;
  const [inside, setInside] = useState(insideIfLoaded);
  useEffect(() => {
    if (inside === null) loadInside().then(setInside, () => leave("lost"));
  }, [inside, leave]);
  const view = useRoomView(room.slug, isWaiting);

  const { ending, sending } = session;
  useEffect(() => {
    if (ending === null) return;
    const isTaken = ending === "left" && line !== "lost"; // sent before the word that one leaves
    onOver(ending, isTaken ? [] : sending.map(({ body }) => body));
  }, [ending, sending, line, onOver]);

  const rename = useCallback(
    (name: string) => {
      if (send({ type: "rename", name })) setRenamed(name);
    },
    [send],
  );

  if (session.entry === null) {
    return (
      <Waiting
        room={room}
        name={renamed ?? session.me?.name ?? room.me?.name ?? guestName}
        hostPresent={view.state === "ready" ? view.room.host_present : room.host_present}
        camera={sources.camera}
        lineLost={line === "lost"}
        onRename={rename}
        onCancel={() => leave("cancelled")}
      />
    );
  }
  if (inside === null) {
    return (
      <div className="meeting meeting--opening" role="status">
        {say("connecting")}
      </div>
    );
  }
  return <inside.Inside live={live} entry={session.entry} room={room} sources={sources} />;
}
