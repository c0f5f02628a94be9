import { catalogue } from "../catalogue.ts";

/** The words of what every kind of resource has. */
export const say = catalogue(
  {
    star: "Ajouter aux favoris",
    unstar: "Retirer des favoris",
    discard: "Mettre à la corbeille",
  },
  {
    star: "Add to the favourites",
    unstar: "Take out of the favourites",
    discard: "Put in the trash",
  },
);
