const PAUSE_MS = 1_000;

/** How far one has read, told at once and then at most once a second, however many messages come. */
export class Reading {
  private newest = "";
  private told = "";
  private pause: ReturnType<typeof setTimeout> | undefined;
  private readonly tell: (messageId: string) => boolean;

  /** `tell` answers whether it was heard. */
  constructor(tell: (messageId: string) => boolean) {
    this.tell = tell;
  }

  /** Ids sort by the order of writing: a mark never goes back. Answers whether it went on. */
  upTo(messageId: string): boolean {
    const isNewer = messageId > this.newest;
    if (isNewer) this.newest = messageId;
    if (this.pause === undefined) this.report();
    return isNewer;
  }

  /** Tells what waits, for who leaves. */
  close(): void {
    clearTimeout(this.pause);
    if (this.newest > this.told && this.tell(this.newest)) this.told = this.newest;
    this.pause = undefined;
  }

  private readonly report = (): void => {
    this.pause = undefined;
    if (this.newest <= this.told || !this.tell(this.newest)) return;
    this.told = this.newest;
    this.pause = setTimeout(this.report, PAUSE_MS);
  };
}
