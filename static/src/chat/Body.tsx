import { Fragment } from "react";

const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}»’']/gu;

/** A message's words, with its web addresses as links. */
export function Body({ text }: { text: string }) {
  const parts: { key: number; text: string; isLink: boolean }[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    if (match.index > end) parts.push({ key: end, text: text.slice(end, match.index), isLink: false });
    parts.push({ key: match.index, text: match[0], isLink: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ key: end, text: text.slice(end), isLink: false });
  return parts.map((part) =>
    part.isLink ? (
      <a key={part.key} href={part.text} target="_blank" rel="noopener noreferrer">
        {part.text}
      </a>
    ) : (
      <Fragment key={part.key}>{part.text}</Fragment>
    ),
  );
}
