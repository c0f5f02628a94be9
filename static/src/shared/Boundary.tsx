import { Component, type ReactNode } from "react";

import { sharedMessages } from "./messages.ts";

/** Around an island: where it breaks, a sentence and a way on stand in its place, never a blank. */
export class Boundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <section className="page page--narrow" role="alert">
        <h1 className="fr-h3">{sharedMessages("broken")}</h1>
        <p>{sharedMessages("brokenHint")}</p>
        <button type="button" className="fr-btn" onClick={() => window.location.reload()}>
          {sharedMessages("reload")}
        </button>
      </section>
    );
  }
}
