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
  /** Devices that had not started yet when one joined: they follow. */
  late: Promise<MediaStreamTrack[]>;
  choice: DeviceChoice;
}

/** Stops what the meeting was given, and what it is still to be given. */
export function stopSources({ microphone, camera, late }: LocalSources): void {
  for (const track of [microphone, camera]) track?.stop();
  void late.then((tracks) => {
    for (const track of tracks) track.stop();
  });
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
  const isHandedOver = useRef(false);
  const starting = useRef<Promise<MediaStreamTrack[]>>(Promise.resolve([]));

  const open = useCallback(async (wanted: DeviceChoice, kinds: { audio: boolean; video: boolean }) => {
    const late: MediaStreamTrack[] = [];
    const started = await startDevices({
      ...(kinds.audio ? { audio: microphoneConstraints(wanted.microphone) } : {}),
      ...(kinds.video ? { video: cameraConstraints(wanted.camera) } : {}),
    });
    for (const kind of ["audio", "video"] as const) {
      if (!kinds[kind]) continue;
      const result = started[kind];
      if (result instanceof MediaStreamTrack && isHandedOver.current) {
        late.push(result);
        continue;
      }
      if (result instanceof MediaStreamTrack && isGone.current) result.stop();
      const show = kind === "audio" ? setMicrophone : setCamera;
      running.current[kind] = result instanceof MediaStreamTrack ? result : null;
      show(sourceOf(result));
      if (result instanceof MediaStreamTrack) {
        result.addEventListener("ended", () => {
          if (running.current[kind] !== result) return; // the meeting's by now
          running.current[kind] = null;
          show({ state: "trouble", trouble: "missing" });
        });
      }
    }
    setDevices(await listDevices());
    return late;
  }, []);
  const start = useCallback(
    (wanted: DeviceChoice, kinds: { audio: boolean; video: boolean }) => {
      const before = starting.current;
      const now = open(wanted, kinds);
      starting.current = Promise.all([before, now]).then((tracks) => tracks.flat());
    },
    [open],
  );

  useEffect(() => {
    const first = readChoice();
    isGone.current = false;
    const relist = () => void listDevices().then(setDevices);
    const begin = () => {
      start(first, { audio: first.withMicrophone, video: first.withCamera });
    };
    if (first.withMicrophone || first.withCamera) begin();
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
      if (kinds.audio || kinds.video) start(next, kinds);
    },
    [choice, start],
  );

  const handOver = useCallback((): LocalSources => {
    const { audio, video } = running.current;
    running.current.audio = null;
    running.current.video = null;
    isHandedOver.current = true;
    return { microphone: audio, camera: video, late: starting.current, choice };
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
