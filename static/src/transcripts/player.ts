/**
 * Plays the transcript: the time at the left of a turn plays from there, turn after turn, until it is paused.
 *
 * Each speaker's track is a file of its own; the browser fetches the ranges that it needs.
 */
import { clockOf, endOf, turnAt, type Heard } from "./turns";

const SPEED_KEPT = "suite.transcripts.speed";
/** Seconds that a key moves. */
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5 };

interface Turn extends Heard {
  readonly button: HTMLButtonElement;
  readonly row: HTMLElement;
  readonly speaker: string;
}

interface Parts {
  readonly bar: HTMLElement;
  readonly sound: HTMLAudioElement;
  readonly play: HTMLButtonElement;
  readonly before: HTMLButtonElement;
  readonly after: HTMLButtonElement;
  readonly close: HTMLButtonElement;
  readonly place: HTMLInputElement;
  readonly speed: HTMLSelectElement;
  readonly clock: HTMLElement;
  readonly speaker: HTMLElement;
  readonly said: HTMLElement;
}

/** Brings the player to life where the page has one. */
export function watchPlayer(page: ParentNode = document): void {
  const bar = page.querySelector<HTMLElement>("#player");
  const turns = turnsOf(page);
  if (bar !== null && turns.length > 0) new Player(partsOf(bar), turns).listen();
}

class Player {
  /** The turn that is heard, or was last. */
  private index = 0;
  private readonly parts: Parts;
  private readonly turns: readonly Turn[];

  public constructor(parts: Parts, turns: readonly Turn[]) {
    this.parts = parts;
    this.turns = turns;
  }

  public listen(): void {
    const { sound, play, before, after, close, place, speed } = this.parts;
    this.turns.forEach((turn, index) => {
      turn.button.addEventListener("click", () => {
        if (index === this.index && !sound.paused) sound.pause();
        else this.from(index);
      });
    });
    play.addEventListener("click", () => {
      if (sound.paused) void this.start();
      else sound.pause();
    });
    before.addEventListener("click", () => {
      this.from(Math.max(0, this.index - 1));
    });
    after.addEventListener("click", () => {
      this.from(Math.min(this.turns.length - 1, this.index + 1));
    });
    close.addEventListener("click", () => {
      this.close();
    });
    this.parts.bar.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    place.max = String(Math.max(...this.turns.map(endOf)));
    place.addEventListener("input", () => {
      this.go(Number(place.value));
    });
    place.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.go(Number(place.value) + step);
    });
    speed.value = localStorage.getItem(SPEED_KEPT) ?? "1";
    if (speed.selectedIndex < 0) speed.value = "1";
    speed.addEventListener("change", () => {
      localStorage.setItem(SPEED_KEPT, speed.value);
      sound.playbackRate = Number(speed.value);
    });
    for (const name of ["play", "pause", "ended"]) sound.addEventListener(name, () => { this.show(); });
    sound.addEventListener("timeupdate", () => { this.moved(); });
    sound.addEventListener("ended", () => { this.next(); });
    sound.addEventListener("error", () => { this.failed(); });
  }

  /** Hear turn `index`, from `second` of its track or from its beginning. */
  private from(index: number, second?: number): void {
    const turn = this.turns[index];
    if (turn === undefined) return;
    const { sound, bar, said } = this.parts;
    this.index = index;
    bar.hidden = false;
    said.textContent = "";
    turn.row.scrollIntoView({ block: "nearest" });
    const at = second ?? turn.since;
    if (new URL(turn.sound, document.baseURI).href !== sound.src) {
      sound.src = turn.sound;
      sound.addEventListener("loadedmetadata", () => { sound.currentTime = at; }, { once: true });
      sound.load();
    } else {
      sound.currentTime = at;
    }
    this.show();
    void this.start();
  }

  /** Hear second `place` of the meeting; what nobody says is passed over. */
  private go(place: number): void {
    const found = turnAt(this.turns, Math.max(0, place));
    if (found !== null) this.from(found.index, found.second);
  }

  private async start(): Promise<void> {
    const { sound, speed } = this.parts;
    if (sound.src === "") {
      this.from(this.index);
      return;
    }
    sound.defaultPlaybackRate = sound.playbackRate = Number(speed.value);
    try {
      await sound.play();
    } catch {
      this.show(); // paused again before it began, or refused: the error's own event says why
    }
  }

  private moved(): void {
    const turn = this.turns[this.index];
    const { sound } = this.parts;
    if (turn === undefined || sound.seeking || sound.src !== new URL(turn.sound, document.baseURI).href) return;
    if (sound.currentTime >= turn.until && !sound.paused) this.next();
    else this.show();
  }

  private next(): void {
    const shown = this.turns.findIndex((turn, index) => index > this.index && !turn.row.hidden);
    if (shown >= 0) this.from(shown);
    else this.parts.sound.pause();
  }

  private close(): void {
    this.parts.sound.pause();
    this.parts.bar.hidden = true;
    this.turns[this.index]?.button.focus();
    this.show();
  }

  private failed(): void {
    const { sound, bar, said } = this.parts;
    const unsupported = sound.canPlayType("audio/ogg; codecs=opus") === "";
    said.textContent = (unsupported ? bar.dataset["unsupported"] : bar.dataset["failed"]) ?? "";
    this.show();
  }

  /** What the page shows of where one is. */
  private show(): void {
    const { sound, play, place, clock, speaker, before, after, bar } = this.parts;
    const playing = !sound.paused && !sound.ended;
    const heard = this.turns[this.index];
    for (const turn of this.turns) {
      const here = turn === heard && !bar.hidden;
      turn.row.toggleAttribute("data-heard", here);
      turn.button.classList.toggle("fr-icon-pause-circle-line", here && playing);
      turn.button.classList.toggle("fr-icon-play-circle-line", !(here && playing));
      if (here) turn.row.setAttribute("aria-current", "true");
      else turn.row.removeAttribute("aria-current");
    }
    play.classList.toggle("fr-icon-pause-circle-fill", playing);
    play.classList.toggle("fr-icon-play-circle-fill", !playing);
    play.textContent = play.title = (playing ? play.dataset["pause"] : play.dataset["play"]) ?? "";
    before.disabled = this.index === 0;
    after.disabled = this.index === this.turns.length - 1;
    if (heard === undefined) return;
    const loaded = sound.src === new URL(heard.sound, document.baseURI).href && !sound.seeking && sound.readyState > 0;
    const seconds = heard.at + (loaded ? Math.max(0, sound.currentTime - heard.since) : 0);
    const told = (bar.dataset["of"] ?? "").replace("{clock}", clockOf(seconds)).replace("{whole}", clockOf(Number(place.max)));
    if (document.activeElement !== place || playing) place.value = String(seconds);
    place.setAttribute("aria-valuetext", told);
    clock.textContent = `${clockOf(seconds)} / ${clockOf(Number(place.max))}`;
    speaker.textContent = heard.speaker;
  }
}

function turnsOf(page: ParentNode): Turn[] {
  return [...page.querySelectorAll<HTMLButtonElement>(".transcript__play")].flatMap((button) => {
    const row = button.closest<HTMLElement>(".transcript__turn");
    const { sound, at, since, until } = button.dataset;
    if (row === null || sound === undefined) return [];
    const speaker = row.querySelector(".transcript__speaker")?.textContent ?? "";
    return [{ button, row, speaker, sound, at: Number(at), since: Number(since), until: Number(until) }];
  });
}

function partsOf(bar: HTMLElement): Parts {
  const part = (name: string): Element => {
    const found = bar.querySelector(`[data-player="${name}"]`);
    if (found === null) throw new Error(`the player has no ${name}`);
    return found;
  };
  return {
    bar,
    sound: part("sound") as HTMLAudioElement,
    play: part("play") as HTMLButtonElement,
    before: part("before") as HTMLButtonElement,
    after: part("after") as HTMLButtonElement,
    close: part("close") as HTMLButtonElement,
    place: part("place") as HTMLInputElement,
    speed: part("speed") as HTMLSelectElement,
    clock: part("clock") as HTMLElement,
    speaker: part("speaker") as HTMLElement,
    said: part("said") as HTMLElement,
  };
}
