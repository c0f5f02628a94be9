/** A JSON websocket that comes back by itself, with longer and longer waits. */
export type SocketState = "connecting" | "open" | "lost" | "closed";

export interface SocketHandlers {
  /** Each message from the server. It is the server's contract: check `type` before you read more. */
  onMessage: (message: unknown) => void;
  onState?: (state: SocketState) => void;
  /** The server closed for good (a code from 4400 to 4499, but 4401 that leads to the sign-in page). */
  onRefused?: (code: number, reason: { code: string; message: string } | null) => void;
}

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;
const SILENCE_MS = 2_500;
const PING_MS = 1_000;
const NOT_SIGNED_IN = 4401;
const TOO_MANY = 4429;

export interface SocketOptions {
  /** Sends `{type: "ping"}` each second and takes 2.5 s without any message as a lost line. */
  heartbeat?: boolean;
  /** Where 4401 leads: the sign-in page, or only `onRefused` (guests have none). */
  signInOnRefusal?: boolean;
}

export class ReconnectingSocket {
  private socket: WebSocket | null = null;
  private state: SocketState = "connecting";
  private wait = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pulse: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private reason: { code: string; message: string } | null = null;
  private readonly address: string;
  private readonly handlers: SocketHandlers;
  private readonly options: SocketOptions;

  constructor(path: string, handlers: SocketHandlers, options: SocketOptions = {}) {
    const base = new URL(path, window.location.href);
    base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    this.address = base.href;
    this.handlers = handlers;
    this.options = options;
    this.open();
    window.addEventListener("online", this.hurry);
  }

  /** Sends now and tells whether the line was there. */
  send(message: object): boolean {
    return this.state !== "lost" && this.write(message);
  }

  /** Ends it for good. */
  close(): void {
    this.stop("closed");
    this.socket?.close(1000);
    this.socket = null;
  }

  private write(message: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private open(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.onopen = () => {
      this.heardAt = Date.now();
      this.say("open");
      if (this.options.heartbeat === true) this.pulse = setInterval(() => this.beat(), PING_MS);
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket === this.socket) this.hear(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  private hear(data: unknown): void {
    this.heardAt = Date.now();
    this.wait = FIRST_WAIT_MS;
    if (this.state === "lost") this.say("open");
    const message: unknown = typeof data === "string" ? JSON.parse(data) : null;
    if (isRefusal(message)) this.reason = message;
    else this.handlers.onMessage(message);
  }

  private beat(): void {
    this.write({ type: "ping" });
    const silent = Date.now() - this.heardAt;
    if (silent > SILENCE_MS) this.say("lost");
    if (silent > SILENCE_MS * 4) this.replace();
  }

  /** A line that has been silent for long is given up without waiting for its own end. */
  private replace(): void {
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.closed(1006);
  }

  private closed(code: number): void {
    clearInterval(this.pulse);
    if (this.state === "closed") return;
    if (code >= 4400 && code < 4500 && code !== TOO_MANY) {
      this.stop("closed");
      if (code === NOT_SIGNED_IN && this.options.signInOnRefusal !== false) goToSignIn();
      else this.handlers.onRefused?.(code, this.reason);
      return;
    }
    this.say("lost");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  private readonly hurry = (): void => {
    if (this.state !== "lost" || this.socket?.readyState === WebSocket.OPEN) return;
    clearTimeout(this.timer);
    this.open();
  };

  private stop(state: SocketState): void {
    clearTimeout(this.timer);
    clearInterval(this.pulse);
    window.removeEventListener("online", this.hurry);
    this.say(state);
  }

  private say(state: SocketState): void {
    if (state === this.state) return;
    this.state = state;
    this.handlers.onState?.(state);
  }
}

/** To the sign-in page, and back here afterwards. */
export function goToSignIn(): void {
  window.location.assign(`/sign-in/?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
}

function isRefusal(message: unknown): message is { code: string; message: string } {
  return (
    typeof message === "object" &&
    message !== null &&
    "type" in message &&
    message.type === "refused" &&
    "code" in message &&
    typeof message.code === "string" &&
    "message" in message &&
    typeof message.message === "string"
  );
}
