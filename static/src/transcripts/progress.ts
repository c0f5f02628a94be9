/** While a transcript is being written down: its progress each two seconds, and the page anew when it is there. */

interface Progress {
  state: string;
  done: number;
  total: number;
}

const EVERY_MILLISECONDS = 2000;

export function watchProgress(): void {
  const shown = document.querySelector<HTMLElement>("[data-progress]");
  const address = shown?.dataset["progress"];
  if (!shown || !address) return;
  const bar = shown.querySelector("progress");
  const timer = window.setInterval(() => {
    void read(address).then((progress) => {
      if (!progress) return;
      if (bar) {
        bar.max = Math.max(progress.total, 1);
        bar.value = progress.done;
      }
      if (progress.state === "ready" || progress.state === "failed") {
        window.clearInterval(timer);
        window.location.reload();
      }
    });
  }, EVERY_MILLISECONDS);
}

async function read(address: string): Promise<Progress | null> {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    return response.ok ? ((await response.json()) as Progress) : null;
  } catch {
    return null; // the line is lost: the next round tries again
  }
}
