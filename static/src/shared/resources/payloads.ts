/* Written by `make contracts` from suite.resources.contract: change it there. */

export type Role = "reader" | "commenter" | "editor" | "administrator" | "owner";

export type Reach = "restricted" | "organization" | "everyone";

export interface Principal {
  kind: "person" | "group" | "unit" | "organization";
  id: string;
  name: string;
}

export interface Access {
  id: string;
  role: Role;
  principal: Principal;
}

/** Whom the link alone lets in. */
export interface Link {
  reach: Reach;
  role: Role;
}

export interface Asker {
  id: string;
  name: string;
}

export interface AccessRequest {
  id: string;
  person: Asker;
  message: string;
  asked_at: string;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  mailed: boolean;
}

export interface Sharing {
  role: Role;
  may_share: boolean;
  link: Link;
  accesses: readonly Access[];
  /** Who waits for an answer; only for who may share. */
  requests: readonly AccessRequest[];
  /** Whom it waits for; only for who may share. */
  invitations: readonly Invitation[];
}

export interface Favourite {
  favourite: boolean;
}
