import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";

import { pageLocale } from "../shared/catalogue.ts";
import { excessOf } from "../shared/excess.ts";
import { keepDraft, readDraft } from "./drafts.ts";
import { say } from "./messages.ts";

const HEIGHT_MAX_PX = 200;

interface Props {
  channelId: string;
  viewerId: string;
  title: string;
  onSend: (body: string) => void;
}

/** Where one writes, before the conversation has come too: the server judges the right. Enter sends, Shift + Enter breaks the line; what was begun stays until it is sent. */
export function Composer({ channelId, viewerId, title, onSend }: Props) {
  const [text, setText] = useState(() => readDraft(viewerId, channelId));
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const isEmpty = text.trim() === "";
  const excess = excessOf(text);

  const change = (next: string): void => {
    setText(next);
    keepDraft(viewerId, channelId, next);
  };
  const send = (): void => {
    if (isEmpty || excess > 0) return;
    onSend(text);
    change("");
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, HEIGHT_MAX_PX)}px`;
  }, [text]);

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="fr-sr-only" htmlFor={id}>
        {say("compose", { title })}
      </label>
      <textarea
        ref={field}
        id={id}
        className="composer__field"
        rows={1}
        dir="auto"
        placeholder={say("compose", { title })}
        aria-describedby={`${id}-hint`}
        aria-invalid={excess > 0}
        value={text}
        // Whoever opens a conversation with a keyboard is there to write.
        autoFocus={window.matchMedia("(hover: hover)").matches}
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button type="submit" className="fr-btn fr-icon-send-plane-fill" aria-label={say("send")} title={say("send")} disabled={isEmpty || excess > 0} />
      <p id={`${id}-hint`} className="composer__hint" role={excess > 0 ? "alert" : undefined}>
        {excess > 0 ? say("tooLong", { excess: excess.toLocaleString(pageLocale()) }) : say("composeHint")}
      </p>
    </form>
  );
}
