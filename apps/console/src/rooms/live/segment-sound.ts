import type { Recording } from './playback.ts';

const samplesPerSecond = 16_000;

export type SegmentSound = {
  /** Plays the sound of a recording from a moment on; undefined for silence. */
  readonly play: (playing: { readonly recording: Recording; readonly atMs: number } | undefined) => void;
  readonly setOn: (on: boolean) => void;
  readonly close: () => void;
};

/** Silent until somebody turns it on: that press is also what lets the browser make sounds. */
export function createSegmentSound(): SegmentSound {
  let audio: AudioContext | undefined;
  let playing: { readonly recording: Recording; readonly atMs: number; readonly sinceMs: number } | undefined;
  let sources: AudioBufferSourceNode[] = [];
  const stop = (): void => {
    for (const source of sources) source.stop();
    sources = [];
  };
  const start = (): void => {
    stop();
    if (audio === undefined || playing === undefined) return;
    const atMs = playing.atMs + (performance.now() - playing.sinceMs);
    for (const { atMs: soundMs, samples } of playing.recording.sounds) {
      const aheadSeconds = (soundMs - atMs) / 1000;
      const seconds = samples.length / samplesPerSecond;
      if (samples.length === 0 || aheadSeconds + seconds <= 0) continue;
      const buffer = audio.createBuffer(1, samples.length, samplesPerSecond);
      buffer.copyToChannel(samples, 0);
      const source = audio.createBufferSource();
      source.buffer = buffer;
      source.connect(audio.destination);
      source.start(audio.currentTime + Math.max(0, aheadSeconds), Math.max(0, -aheadSeconds));
      sources.push(source);
    }
  };
  return {
    play(next) {
      playing = next === undefined ? undefined : { ...next, sinceMs: performance.now() };
      start();
    },
    setOn(on) {
      if (on && audio === undefined) audio = new AudioContext();
      if (!on) {
        stop();
        void audio?.close();
        audio = undefined;
      } else start();
    },
    close() {
      stop();
      void audio?.close();
      audio = undefined;
    },
  };
}
