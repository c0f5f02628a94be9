import { CopyLink } from "../CopyLink.tsx";
import { say } from "../messages.ts";

/** To who is alone: the link to send, and who may come in by it. */
export function AloneCard({ slug, canModerate }: { slug: string; canModerate: boolean }) {
  return (
    <section className="alone" aria-label={say("aloneTitle")}>
      <h2>{say("aloneTitle")}</h2>
      <p>{canModerate ? say("aloneText") : say("aloneTextMember")}</p>
      <CopyLink slug={slug} />
    </section>
  );
}
