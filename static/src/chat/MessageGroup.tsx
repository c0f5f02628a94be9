import { Avatar } from "../shared/people/Avatar.tsx";
import { Body } from "./Body.tsx";
import type { Group } from "./groups.ts";
import { say } from "./messages.ts";
import { clockOf, exactOf } from "./times.ts";

/** What one person wrote without a pause: their name and the time once. */
export function MessageGroup({ group, isMine }: { group: Group; isMine: boolean }) {
  const { author, messages, at } = group;
  return (
    <article className={isMine ? "group group--mine" : "group"}>
      <Avatar id={author.user_id ?? author.participation_id ?? author.name} name={author.name} />
      <div className="group__words">
        <p className="group__who">
          <strong>{author.name}</strong>
          {author.user_id === null && <span className="group__guest">{say("guest")}</span>}
          <time dateTime={at} title={exactOf(at)}>
            {clockOf(at)}
          </time>
        </p>
        {messages.map((message) => (
          <p key={message.id} className="group__message" dir="auto" title={exactOf(message.at)}>
            <Body text={message.body} />
          </p>
        ))}
      </div>
    </article>
  );
}
