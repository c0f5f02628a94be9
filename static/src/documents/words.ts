import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { WebsocketProvider } from "y-websocket";

import { isWord, type Word } from "./contract.ts";

const NUMBER = 100;

/** Has `hear` called with each word that the server says beside y-websocket's own frames. */
export function listenToWords(provider: WebsocketProvider, hear: (word: Word) => void): void {
  provider.messageHandlers[NUMBER] = (_encoder, decoder) => {
    const word: unknown = JSON.parse(decoding.readVarString(decoder));
    if (isWord(word)) hear(word);
  };
}

/** Asks the server to answer once all that was sent before is in its database; says whether the line was there. */
export function askStored(provider: WebsocketProvider, n: number): boolean {
  if (provider.ws?.readyState !== WebSocket.OPEN) return false;
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, NUMBER);
  encoding.writeVarString(encoder, JSON.stringify({ type: "stored", n }));
  provider.ws.send(encoding.toUint8Array(encoder));
  return true;
}
