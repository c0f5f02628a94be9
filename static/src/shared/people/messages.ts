import { catalogue } from "../catalogue.ts";

export const say = catalogue(
  {
    find: "Chercher une personne par son nom",
    nobody: "Personne de ce nom dans votre organisation.",
    failed: "La recherche n’a pas abouti. Réessayez dans un instant.",
    found: "{number} personnes trouvées",
    foundOne: "1 personne trouvée",
    close: "Fermer",
  },
  {
    find: "Find somebody by name",
    nobody: "Nobody of that name in your organisation.",
    failed: "The search did not work. Please try again in a moment.",
    found: "{number} people found",
    foundOne: "1 person found",
    close: "Close",
  },
);
