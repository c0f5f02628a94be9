import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

import type { Role } from "./contract.ts";
import { askStored, listenToWords } from "./words.ts";

/** `opening` until the text came for the first time; `saving` while something written waits for the server's word. */
export type Line = "opening" | "saved" | "saving" | "offline";

export interface SessionHandlers {
  onLine: (line: Line) => void;
  onTitle: (title: string) => void;
  onRole: (role: Role) => void;
  /** The server closed for good, with its code. */
  onClosed: (code: number) => void;
}

const GATHER_MS = 150;
const FRAGMENT = "document-store";

/** An open document: its Yjs document, the line to the server, and whether all that was written is stored there. */
export class DocumentSession {
  readonly document = new Y.Doc();
  readonly fragment = this.document.getXmlFragment(FRAGMENT);
  readonly provider: WebsocketProvider;
  private asked = 0;
  private stored = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hasOpened = false;
  private isConnected = false;
  private hasUnsent = false;
  private line: Line = "opening";
  private readonly handlers: SessionHandlers;

  constructor(documentId: string, handlers: SessionHandlers) {
    this.handlers = handlers;
    const base = new URL("/ws/documents", window.location.href);
    base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    // Tabs talk through the server too: it knows who may write and who is there.
    this.provider = new WebsocketProvider(base.href, `${documentId}/`, this.document, { connect: false, disableBc: true });
    listenToWords(this.provider, (word) => {
      if (word.type === "stored") {
        this.stored = Math.max(this.stored, word.n);
        this.tell();
      } else if (word.type === "title") handlers.onTitle(word.title);
      else handlers.onRole(word.role);
    });
    this.provider.on("status", ({ status }) => {
      this.isConnected = status === "connected";
      if (!this.isConnected) this.tell();
    });
    this.provider.on("sync", (isSynced: boolean) => {
      if (!isSynced) return;
      this.hasOpened = true;
      this.ask(); // what was written while away has just been sent; and the server says words to who asked one
    });
    this.provider.on("closed", ({ code }) => handlers.onClosed(code));
    this.document.on("update", (_update: Uint8Array, origin: unknown) => {
      if (origin === this.provider) return;
      this.hasUnsent = true;
      this.tell();
      this.timer ??= setTimeout(() => this.ask(), GATHER_MS);
    });
    // The browser knows of a network that is gone long before the line does.
    window.addEventListener("offline", this.tell);
    window.addEventListener("online", this.tell);
    this.provider.connect();
  }

  get isSaved(): boolean {
    return !this.hasUnsent && this.stored >= this.asked;
  }

  close(): void {
    clearTimeout(this.timer);
    window.removeEventListener("offline", this.tell);
    window.removeEventListener("online", this.tell);
    this.provider.destroy();
    this.document.destroy();
  }

  private ask(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.provider.synced && askStored(this.provider, this.asked + 1)) {
      this.asked += 1;
      this.hasUnsent = false;
    }
    this.tell();
  }

  private readonly tell = (): void => {
    const line = this.lineNow();
    if (line === this.line) return;
    this.line = line;
    this.handlers.onLine(line);
  };

  private lineNow(): Line {
    if (!this.hasOpened) return "opening";
    if (!this.isConnected || !navigator.onLine) return "offline";
    return this.isSaved ? "saved" : "saving";
  }
}
