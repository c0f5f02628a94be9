import { useCallback, useState } from "react";

import { Before } from "./before/Before.tsx";
import { Unavailable } from "./before/Unavailable.tsx";
import type { JoinAnswer, RoomView } from "./contract.ts";
import { JoinedMeeting } from "./JoinedMeeting.tsx";
import { say } from "./messages.ts";
import { Over } from "./Over.tsx";
import type { Ending } from "./session.ts";
import { stopSources, type LocalSources } from "./usePreview.ts";
import { useRoomView } from "./useRoomView.ts";

type Stage =
  | { name: "before" }
  | { name: "joined"; room: RoomView; answer: JoinAnswer; sources: LocalSources; guestName: string }
  | { name: "over"; room: RoomView; ending: Ending; meetingId: string; unsent: readonly string[] };

/** From the room's link to the meeting and out of it again. */
export function MeetingApp({ slug, mediaUrl }: { slug: string; mediaUrl: string }) {
  const [stage, setStage] = useState<Stage>({ name: "before" });
  const view = useRoomView(slug, stage.name === "before");

  const join = useCallback((room: RoomView, answer: JoinAnswer, sources: LocalSources, guestName: string) => {
    setStage({ name: "joined", room, answer, sources, guestName });
  }, []);
  const end = useCallback((ending: Ending, unsent: readonly string[]) => {
    setStage((current) => {
      if (current.name !== "joined") return current;
      stopSources(current.sources);
      return { name: "over", room: current.room, ending, meetingId: current.answer.meeting_id, unsent };
    });
  }, []);

  if (stage.name === "joined") {
    return <JoinedMeeting {...stage} onOver={end} />;
  }
  if (stage.name === "over") {
    return <Over {...stage} onAgain={() => setStage({ name: "before" })} />;
  }
  switch (view.state) {
    case "loading":
      return (
        <div className="before before--loading" role="status">
          <div className="before__skeleton" />
          <h1 className="fr-sr-only">{say("opening")}</h1>
        </div>
      );
    case "failed":
      return <Unavailable error={view.error} onRetry={view.retry} />;
    case "ready":
      return view.room.open && !view.room.removed ? (
        <Before room={view.room} mediaUrl={mediaUrl} onJoined={join} />
      ) : (
        <Unavailable error={null} isRemoved={view.room.removed} onRetry={view.retry} />
      );
  }
}
