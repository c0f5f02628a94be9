import { useEffect, useState } from "react";

import { ChannelList } from "./ChannelList.tsx";
import { Empty } from "./Empty.tsx";
import { say } from "./messages.ts";
import { NewChannel } from "./NewChannel.tsx";
import { NewDirect } from "./NewDirect.tsx";
import { Thread } from "./Thread.tsx";
import { useAddress } from "./useAddress.ts";
import { useChat } from "./useChat.ts";

type Asking = "channel" | "direct" | null;

/** Conversations at the left, the open one beside them; on a telephone one or the other. */
export function ChatPage({ viewerId }: { viewerId: string }) {
  const chat = useChat(viewerId);
  const [channelId, go] = useAddress();
  const [asking, setAsking] = useState<Asking>(null);
  const { channels } = chat.state;
  const unread = channels?.reduce((sum, line) => sum + line.unread, 0) ?? 0;
  const title = channels?.find(({ id }) => id === channelId)?.title;

  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${title ?? say("messages")} – Suite`;
  }, [unread, title]);

  const close = (): void => setAsking(null);
  return (
    <div className={`chat chat--${channelId !== null ? "thread" : channels?.length === 0 ? "new" : "list"}`}>
      <ChannelList channels={channels} openId={channelId} onOpen={go} onNewChannel={() => setAsking("channel")} onNewDirect={() => setAsking("direct")} />
      {channelId !== null ? (
        <Thread key={channelId} channelId={channelId} chat={chat} viewerId={viewerId} onBack={() => go(null)} />
      ) : channels === null ? (
        <div /> // what is said here depends on whether there are any
      ) : (
        <Empty hasChannels={channels.length > 0} onNewChannel={() => setAsking("channel")} onNewDirect={() => setAsking("direct")} />
      )}
      {asking === "channel" && (
        <NewChannel
          onClose={close}
          onMade={(info) => {
            close();
            chat.show(info);
            go(info.id);
          }}
        />
      )}
      {asking === "direct" && (
        <NewDirect
          viewerId={viewerId}
          onClose={close}
          onMade={(info) => {
            close();
            chat.show(info);
            go(info.id);
          }}
        />
      )}
    </div>
  );
}
