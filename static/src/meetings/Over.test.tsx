import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";

import type { RoomView } from "./contract.ts";
import { Over } from "./Over.tsx";
import type { Ending } from "./session.ts";

const ROOM: RoomView = {
  id: "r1",
  slug: "abc-defg-hij",
  title: "Point d’équipe",
  organization: "Ville de Montreuil",
  entry: "organization",
  open: true,
  may_enter: true,
  can_moderate: false,
  removed: false,
  present: [],
  inside: false,
  meeting_id: null,
  me: { name: "Awa Diallo" },
  host_present: true,
};

afterEach(cleanup);

const show = (ending: Ending, unsent: string[] = []) => render(<Over room={ROOM} ending={ending} meetingId="m1" unsent={unsent} onAgain={() => undefined} />);

it("leads back to the meeting from the sign-in that its end asks for", () => {
  show("deactivated");
  expect(screen.getByRole("link", { name: "Se connecter" }).getAttribute("href")).toBe("/sign-in/?next=/rooms/abc-defg-hij/");
});

it("gives back what was written and never left", () => {
  show("ended", ["Je vous rappelle demain"]);
  expect(screen.getByText("Ce que vous aviez écrit n’est pas parti :")).toBeTruthy();
  expect(screen.getByText("Je vous rappelle demain")).toBeTruthy();
  cleanup();
  show("ended");
  expect(screen.queryByText(/n’est pas parti/)).toBeNull();
});
