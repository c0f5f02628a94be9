import { readCookie } from "../cookies.ts";
import { say } from "./messages.ts";

interface Props {
  resourceId: string;
  /** The page that is shown then, with the undo. */
  next: string;
  /** Shown beside the icon; without them the icon stands alone. */
  words?: string;
}

/** Puts a resource in the trash. A form, so that the page that follows can offer to undo. */
export function Discard({ resourceId, next, words = "" }: Props) {
  const icon = words !== "" ? "fr-btn--icon-left" : "";
  return (
    <form method="post" action={`/resources/${resourceId}/discard/`}>
      <input type="hidden" name="csrfmiddlewaretoken" value={readCookie("suite_csrf")} />
      <input type="hidden" name="next" value={next} />
      <button
        type="submit"
        className={`fr-btn fr-btn--tertiary-no-outline fr-btn--sm ${icon} fr-icon-delete-line`}
        {...(words !== "" ? {} : { "aria-label": say("discard"), title: say("discard") })}
      >
        {words}
      </button>
    </form>
  );
}
