/** What the server says of a document; `suite/documents/api/views.py` and `suite/resources/api/views.py` are the source. */
export type Role = "reader" | "commenter" | "editor" | "administrator" | "owner";
export type Reach = "restricted" | "organization" | "everyone";

export interface Me {
  id: string;
  name: string;
  color: string;
}

export interface DocumentInfo {
  id: string;
  title: string;
  role: Role;
  may_write: boolean;
  may_share: boolean;
  me: Me;
}

export interface Access {
  id: string;
  role: Role;
  principal: { kind: "person" | "group" | "unit" | "organization"; id: string; name: string };
}

export interface Sharing {
  role: Role;
  may_share: boolean;
  link: { reach: Reach; role: Role };
  accesses: readonly Access[];
}

/** Words that the document's socket says beside the text: frames of number 100. */
export type Word = { type: "stored"; n: number } | { type: "title"; title: string } | { type: "role"; role: Role };

export function isWord(value: unknown): value is Word {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  if (value.type === "stored") return "n" in value && typeof value.n === "number";
  if (value.type === "title") return "title" in value && typeof value.title === "string";
  return value.type === "role" && "role" in value && typeof value.role === "string";
}

export function mayWrite(role: Role): boolean {
  return role === "editor" || role === "administrator" || role === "owner";
}
