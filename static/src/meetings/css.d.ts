import "react";

declare module "react" {
  // An interface of another module can be added to by an index signature alone.
  // eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style
  interface CSSProperties {
    [property: `--${string}`]: string | number | undefined;
  }
}
