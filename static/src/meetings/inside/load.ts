type InsideModule = typeof import("./Inside.tsx");

let loading: Promise<InsideModule> | null = null;
let loaded: InsideModule | null = null;

/** Fetches what a meeting needs (the media client above all), once; called as soon as somebody is likely to join. */
export function loadInside(): Promise<InsideModule> {
  loading ??= import("./Inside.tsx").then(
    (module) => {
      loaded = module;
      return module;
    },
    (error: unknown) => {
      loading = null; // the next call asks again
      throw error;
    },
  );
  return loading;
}

/** What `loadInside` fetched, where it has arrived. */
export function insideIfLoaded(): InsideModule | null {
  return loaded;
}
