/** Up to two letters that stand for a name, "AD" for "Awa Diallo": its first and its last word that begin with a letter. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s-]+/u).filter((word) => /^\p{L}/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => /^\p{L}\p{M}*/u.exec(word ?? "")?.[0] ?? "").join("").toLocaleUpperCase();
}
