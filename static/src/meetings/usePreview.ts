import { useCallback, useEffect, useRef, useState } from "react";

import {
  NO_DEVICES,
  cameraConstraints,
  listDevices,
  microphoneConstraints,
  readChoice,
  saveChoice,
  startDevices,
  type DeviceChoice,
  type DeviceList,
  type DeviceTrouble,
} from "./devices.ts";

/** One device before the meeting. */
export type Source =
  | { state: "starting" | "off" }
  | { state: "on"; track: MediaStreamTrack }
  | { state: "trouble"; trouble: DeviceTrouble };

export interface Preview {
  microphone: Source;
  camera: Source;
  devices: DeviceList;
  choice: DeviceChoice;
  choose: (change: Partial<DeviceChoice>) => void;
  /** Hands the running tracks over to the meeting: the preview no longer stops them. */
  handOver: () => LocalSources;
}

export interface LocalSources {
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  choice: DeviceChoice;
}

const STARTING: Source = { state: "starting" };
const OFF: Source = { state: "off" };

/** One's own camera and microphone before the meeting. */
export function usePreview(): Preview {
  const [choice, setChoice] = useState(readChoice);
  const [microphone, setMicrophone] = useState<Source>(choice.withMicrophone ? STARTING : OFF);
  const [camera, setCamera] = useState<Source>(choice.withCamera ? STARTING : OFF);
  const [devices, setDevices] = useState<DeviceList>(NO_DEVICES);
  const running = useRef<{ audio: MediaStreamTrack | null; video: MediaStreamTrack | null }>({ audio: null, video: null });
  const isGone = useRef(false);

  const start = useCallback(async (wanted: DeviceChoice, kinds: { audio: boolean; video: boolean }) => {
    const started = await startDevices({
      ...(kinds.audio ? { audio: microphoneConstraints(wanted.microphone) } : {}),
      ...(kinds.video ? { video: cameraConstraints(wanted.camera) } : {}),
    });
    for (const kind of ["audio", "video"] as const) {
      if (!kinds[kind]) continue;
      const result = started[kind];
      if (result instanceof MediaStreamTrack && isGone.current) result.stop();
      running.current[kind] = result instanceof MediaStreamTrack ? result : null;
      (kind === "audio" ? setMicrophone : setCamera)(sourceOf(result));
    }
    setDevices(await listDevices());
  }, []);

  useEffect(() => {
    const first = readChoice();
    isGone.current = false;
    const relist = () => void listDevices().then(setDevices);
    const begin = () => start(first, { audio: first.withMicrophone, video: first.withCamera });
    if (first.withMicrophone || first.withCamera) void Promise.resolve().then(begin);
    else relist();
    const media = "mediaDevices" in navigator ? navigator.mediaDevices : null;
    media?.addEventListener("devicechange", relist);
    const { current } = running;
    return () => {
      isGone.current = true;
      media?.removeEventListener("devicechange", relist);
      current.audio?.stop();
      current.video?.stop();
    };
  }, [start]);

  const choose = useCallback(
    (change: Partial<DeviceChoice>) => {
      const next = { ...choice, ...change };
      setChoice(next);
      saveChoice(next);
      const audio = "microphone" in change || "withMicrophone" in change;
      const video = "camera" in change || "withCamera" in change;
      if (audio) stop(running.current, "audio", next.withMicrophone, setMicrophone);
      if (video) stop(running.current, "video", next.withCamera, setCamera);
      const kinds = { audio: audio && next.withMicrophone, video: video && next.withCamera };
      if (kinds.audio || kinds.video) void start(next, kinds);
    },
    [choice, start],
  );

  const handOver = useCallback((): LocalSources => {
    const { audio, video } = running.current;
    running.current.audio = null;
    running.current.video = null;
    return { microphone: audio, camera: video, choice };
  }, [choice]);

  return { microphone, camera, devices, choice, choose, handOver };
}

function stop(
  running: { audio: MediaStreamTrack | null; video: MediaStreamTrack | null },
  kind: "audio" | "video",
  again: boolean,
  show: (source: Source) => void,
): void {
  running[kind]?.stop();
  running[kind] = null;
  show(again ? STARTING : OFF);
}

function sourceOf(result: MediaStreamTrack | DeviceTrouble | null): Source {
  if (result instanceof MediaStreamTrack) return { state: "on", track: result };
  return result === null ? OFF : { state: "trouble", trouble: result };
}
