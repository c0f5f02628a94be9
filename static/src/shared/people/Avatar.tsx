import { initialsOf } from "./initials.ts";

/** The design system's colours that white text is read on; the server picks by the same rule for documents' cursors. */
const COLOURS = ["#000091", "#6e445a", "#297254", "#716043", "#a94645", "#465f9d", "#447049", "#a94436", "#3062a0", "#6e4a7e"];

interface Props {
  name: string;
  /** Whoever it is: the same gives the same colour. */
  id: string;
  colour?: string | undefined;
}

/** A person's initials on their colour; it says nothing to a screen reader, the name beside it does. */
export function Avatar({ name, id, colour }: Props) {
  return (
    <span className="avatar" style={{ backgroundColor: colour ?? colourOf(id) }} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}

export function colourOf(id: string): string {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return COLOURS[sum % COLOURS.length] ?? "#000091";
}
