let loading: Promise<typeof import("./Inside.tsx")> | null = null;

/** Fetches what a meeting needs (the media client above all), once; called as soon as somebody is likely to join. */
export function loadInside(): Promise<typeof import("./Inside.tsx")> {
  loading ??= import("./Inside.tsx");
  return loading;
}
