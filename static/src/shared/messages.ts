import { catalogue } from "./catalogue.ts";

export const sharedMessages = catalogue(
  {
    unreachable: "Suite ne répond pas. Vérifiez votre connexion, puis réessayez.",
    error: "Cela n’a pas fonctionné. Réessayez dans un instant.",
  },
  {
    unreachable: "Suite is not answering. Check your connection, then try again.",
    error: "This did not work. Please try again in a moment.",
  },
);
