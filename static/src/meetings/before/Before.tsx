import { useEffect, useState } from "react";

import { callApi } from "../../shared/api.ts";
import type { JoinAnswer, RoomView } from "../contract.ts";
import { insideIfLoaded, loadInside } from "../inside/load.ts";
import { usePreview, type LocalSources } from "../usePreview.ts";
import { sentenceOf } from "../useRoomView.ts";
import { BeforeForm, type JoinRequest } from "./BeforeForm.tsx";
import { PreviewCard } from "./PreviewCard.tsx";

interface Props {
  room: RoomView;
  mediaUrl: string;
  onJoined: (room: RoomView, answer: JoinAnswer, sources: LocalSources, guestName: string) => void;
}

/** Before the meeting: one's own picture and sound, who is there, one button. */
export function Before({ room, mediaUrl, onJoined }: Props) {
  const preview = usePreview();
  const [isJoining, setIsJoining] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  useEffect(() => {
    loadInside().then(
      ({ prepareLine }) => {
        if (mediaUrl !== "") void prepareLine(mediaUrl);
      },
      () => undefined, // joining asks for it again
    );
  }, [mediaUrl]);

  const join = async (request: JoinRequest) => {
    setIsJoining(true);
    setRefusal(null);
    try {
      const answer = await callApi<JoinAnswer>(`/api/rooms/${encodeURIComponent(room.slug)}/join/`, { method: "POST", body: request });
      const sources = preview.handOver();
      if (answer.url !== undefined && answer.token !== undefined) insideIfLoaded()?.beginCall({ url: answer.url, token: answer.token }, sources);
      onJoined(room, answer, sources, request.name ?? "");
    } catch (error) {
      setRefusal(sentenceOf(error));
      setIsJoining(false);
    }
  };

  return (
    <div className="before">
      <PreviewCard preview={preview} />
      <BeforeForm room={room} isJoining={isJoining} refusal={refusal} onJoin={(request) => void join(request)} />
    </div>
  );
}
