/**
 * Up to two letters that stand for a name, "AD" for "Awa Diallo": of its first and its last word that begin with a letter.
 * The server takes the same, in `suite/config/templatetags/shell.py`; `initials.cases.json` holds both to it.
 */
export function initialsOf(name: string): string {
  const words = name
    .normalize("NFC")
    .split(/[\s\u2010\u2011-]+/u)
    .filter((word) => /^\p{L}/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => /^\p{L}\p{M}*/u.exec(word ?? "")?.[0] ?? "").join("").toUpperCase();
}
