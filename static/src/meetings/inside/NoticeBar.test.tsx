import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { nextSession, openSession, type Session } from "../session.ts";
import { NoticeBar } from "./NoticeBar.tsx";

afterEach(cleanup);

const waiting = (...names: string[]): Session => {
  const session = openSession({ state: "admitted", participation_id: "p1", meeting_id: "m1", socket: "/" });
  return nextSession(session, { type: "waiting", waiting: names.map((name) => ({ participation_id: name, name, since: "2026-11-22T09:00:00Z" })) });
};
const show = (session: Session, send: (message: object) => boolean) => {
  const nothing = () => undefined;
  render(<NoticeBar session={session} isChatOpen={false} isPeopleOpen={false} isSoundBlocked={false} onHear={nothing} onSeen={nothing} onOpen={nothing} send={send} />);
};

it("lets a host accept or refuse who waits, where it is said that they wait", () => {
  const send = vi.fn(() => true);
  show(waiting("Odile"), send);
  fireEvent.click(screen.getByLabelText("Refuser Odile"));
  expect(send).toHaveBeenLastCalledWith({ type: "refuse", participation_id: "Odile" });
  fireEvent.click(screen.getByLabelText("Accepter Odile"));
  expect(send).toHaveBeenLastCalledWith({ type: "admit", participation_id: "Odile" });
});

it("shows the list where several wait", () => {
  show(waiting("Odile", "Paul"), () => true);
  expect(screen.queryByLabelText("Refuser Odile")).toBeNull();
  expect(screen.getByText("Voir")).toBeTruthy();
});
