import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { NO_DEVICES } from "../devices.ts";
import type { Source } from "../usePreview.ts";
import { PreviewCard } from "./PreviewCard.tsx";

afterEach(cleanup);

it.each([
  ["starting", { state: "starting" }, "Couper le micro", false],
  ["refused", { state: "trouble", trouble: "refused" }, "Activer le micro", true],
] as const)("says of a microphone that is %s whether it is on, and presses the other way", (_state, microphone: Source, name, next) => {
  const choose = vi.fn();
  const choice = { microphone: "", camera: "", speaker: "", withMicrophone: true, withCamera: true };
  const handOver = () => ({ microphone: null, camera: null, late: Promise.resolve([]), choice });
  render(<PreviewCard preview={{ microphone, camera: microphone, devices: NO_DEVICES, choice, choose, handOver }} />);
  fireEvent.click(screen.getByRole("button", { name }));
  expect(choose).toHaveBeenCalledWith({ withMicrophone: next });
});
