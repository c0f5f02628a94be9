/* Written by `make contracts` from suite.documents.contract: change it there. */

export type Role = "reader" | "commenter" | "editor" | "administrator" | "owner";

/** The viewer, as the others see their cursor. */
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
  may_discard: boolean;
  favourite: boolean;
  me: Me;
}

export interface StoredWord {
  type: "stored";
  n: number;
}

export interface TitleWord {
  type: "title";
  title: string;
}

export interface RoleWord {
  type: "role";
  role: Role;
}

export type Word = StoredWord | TitleWord | RoleWord;
