import { useState } from "react";

import { callApi } from "../api.ts";
import { say } from "./messages.ts";
import type { Favourite } from "./payloads.ts";

interface Props {
  resourceId: string;
  isMarked: boolean;
  onChange?: (isMarked: boolean) => void;
}

/** Marks a resource among the viewer's favourites, or takes the mark away. */
export function Star({ resourceId, isMarked, onChange }: Props) {
  const [shown, setShown] = useState(isMarked);
  const [isAsking, setIsAsking] = useState(false);
  const turn = (): void => {
    setIsAsking(true);
    setShown(!shown);
    callApi<Favourite>(`/api/resources/${resourceId}/favourite/`, { method: shown ? "DELETE" : "PUT" })
      .then(({ favourite }) => {
        setShown(favourite);
        onChange?.(favourite);
      })
      .catch(() => setShown(shown))
      .finally(() => setIsAsking(false));
  };
  const words = shown ? say("unstar") : say("star");
  return (
    <button
      type="button"
      className={`fr-btn fr-btn--tertiary-no-outline fr-btn--sm ${shown ? "fr-icon-star-fill" : "fr-icon-star-line"}`}
      aria-label={words}
      title={words}
      disabled={isAsking}
      onClick={turn}
    />
  );
}
