import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { usePreview } from "./usePreview.ts";

class FakeTrack extends EventTarget {
  stop() {
    // A stop of the page's own tells nobody.
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it("says that a camera is gone when it is unplugged", async () => {
  const camera = new FakeTrack();
  const stream = { getAudioTracks: () => [new FakeTrack()], getVideoTracks: () => [camera] };
  vi.stubGlobal("MediaStreamTrack", FakeTrack);
  const mediaDevices = Object.assign(new EventTarget(), { getUserMedia: () => Promise.resolve(stream), enumerateDevices: () => Promise.resolve([]) });
  vi.stubGlobal("navigator", { mediaDevices });
  const { result } = renderHook(() => usePreview());
  await waitFor(() => expect(result.current.camera.state).toBe("on"));
  act(() => {
    camera.dispatchEvent(new Event("ended"));
  });
  expect(result.current.camera).toEqual({ state: "trouble", trouble: "missing" });
  expect(result.current.microphone.state).toBe("on");
  expect(result.current.handOver().camera).toBeNull();
});
