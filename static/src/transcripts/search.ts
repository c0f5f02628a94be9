/** Finds words in the transcript as they are typed, without their accents: turns that do not hold them are hidden. */

export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
}

export function search(page: ParentNode = document): void {
  const field = page.querySelector<HTMLInputElement>("#transcript-search");
  const told = page.querySelector<HTMLElement>("#transcript-found");
  const turns = [...page.querySelectorAll<HTMLElement>(".transcript__turn")];
  if (!field || !told) return;
  const texts = turns.map((turn) => plain(turn.textContent));
  field.addEventListener("input", () => {
    const wanted = plain(field.value.trim());
    let found = 0;
    turns.forEach((turn, index) => {
      const holds = texts[index]?.includes(wanted) ?? false;
      turn.hidden = !holds;
      if (holds) found += 1;
    });
    told.textContent = wanted === "" ? "" : sentence(told.dataset, found);
  });
}

function sentence(words: DOMStringMap, found: number): string {
  if (found === 0) return words["none"] ?? "";
  if (found === 1) return words["one"] ?? "";
  return (words["many"] ?? "").replace("{number}", String(found));
}
