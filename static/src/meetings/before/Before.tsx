import { useEffect, useState } from "react";

import { callApi } from "../../shared/api.ts";
import type { JoinAnswer, RoomView } from "../contract.ts";
import { loadInside } from "../inside/load.ts";
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
    void loadInside().then(({ prepareLine }) => {
      if (mediaUrl !== "") void prepareLine(mediaUrl);
    });
  }, [mediaUrl]);

  const join = async (request: JoinRequest) => {
    setIsJoining(true);
    setRefusal(null);
    try {
      const answer = await callApi<JoinAnswer>(`/api/rooms/${encodeURIComponent(room.slug)}/join/`, { method: "POST", body: request });
      onJoined(room, answer, preview.handOver(), request.name ?? "");
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
