/** The words of the islands: French is the whole, English has the same keys, and a missing one does not compile. */
export type Language = "fr" | "en";

type Values = Readonly<Record<string, string | number>>;

/** The page's language; French where it is neither of ours. */
export function pageLanguage(): Language {
  return document.documentElement.lang.startsWith("en") ? "en" : "fr";
}

/** For dates and times: in English as in Europe, the day before the month and 24 hours. */
export function pageLocale(): string {
  return pageLanguage() === "en" ? "en-GB" : "fr";
}

/**
 * A function that says `key` in the page's language, with `{name}` replaced by `values.name`.
 *
 * `const say = catalogue({ join: "Rejoindre" }, { join: "Join" }); say("join")`
 */
export function catalogue<Key extends string>(french: Readonly<Record<Key, string>>, english: Readonly<Record<NoInfer<Key>, string>>) {
  return (key: Key, values: Values = {}): string => {
    const sentence = (pageLanguage() === "en" ? english : french)[key];
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : String(value);
    });
  };
}
