import { catalogue } from "./catalogue.ts";

export const sharedMessages = catalogue(
  {
    unreachable: "Suite ne répond pas. Vérifiez votre connexion, puis réessayez.",
    error: "Cela n’a pas fonctionné. Réessayez dans un instant.",
    broken: "Cette partie de la page s’est arrêtée",
    brokenHint: "Ce qui était envoyé est gardé. Rechargez la page pour continuer.",
    reload: "Recharger la page",
  },
  {
    unreachable: "Suite is not answering. Check your connection, then try again.",
    error: "This did not work. Please try again in a moment.",
    broken: "This part of the page has stopped",
    brokenHint: "What was sent is kept. Reload the page to go on.",
    reload: "Reload the page",
  },
);
