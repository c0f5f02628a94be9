// The people of the demonstration, as ProConnect would describe them.
import { readFileSync } from "node:fs";

const known = JSON.parse(readFileSync(new URL("people.json", import.meta.url), "utf8"));

export const organizations = known.organizations;
export const people = known.people;

export function personOf(sub) {
  return people.find((person) => person.sub === sub);
}

export function claimsOf(person) {
  return {
    sub: person.sub,
    uid: person.uid,
    given_name: person.given_name,
    usual_name: person.usual_name,
    email: person.email,
    phone: person.phone,
    siret: person.siret,
    organizational_unit: person.organizational_unit,
    idp_id: known.idp_id,
  };
}
