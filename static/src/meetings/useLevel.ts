import { useEffect, useRef } from "react";

const STEP_MS = 66;
const FLOOR_DB = -60;

/** Sets `--level` (0 to 1) of an element to the loudness of `track`, without rendering anything. */
export function useLevel<Shown extends HTMLElement>(track: MediaStreamTrack | null) {
  const element = useRef<Shown>(null);
  useEffect(() => {
    if (track === null) return undefined;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      element.current?.style.setProperty("--level", loudness(samples).toFixed(2));
    }, STEP_MS);
    const resume = () => void context.resume();
    window.addEventListener("pointerdown", resume, { once: true });
    const { current } = element;
    return () => {
      clearInterval(timer);
      window.removeEventListener("pointerdown", resume);
      current?.style.setProperty("--level", "0");
      void context.close();
    };
  }, [track]);
  return element;
}

/** How loud `samples` (-1 to 1) are, from 0 (-60 dB or less) to 1 (full scale). */
export function loudness(samples: Float32Array): number {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  const decibels = 10 * Math.log10(energy / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}
