import type { Recording } from './playback.ts';

const samplesPerSecond = 16_000;
/** The next recording begins where the last one ended, give or take the pictures of one turn. */
const seamMs = 300;

export type SegmentSound = {
  /** Plays the sound of a recording from a moment on; undefined for silence. What goes on where another ends lets it end. */
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
      source.addEventListener('ended', () => (sources = sources.filter((other) => other !== source)));
    }
  };
  return {
    play(next) {
      const sinceMs = performance.now();
      const last = playing;
      const goesOn =
        next !== undefined &&
        last !== undefined &&
        next.recording !== last.recording &&
        Math.abs(next.atMs - last.atMs - (sinceMs - last.sinceMs)) < seamMs;
      if (!goesOn) stop();
      playing = next === undefined ? undefined : { ...next, sinceMs };
      start();
    },
    setOn(on) {
      stop();
      if (!on) {
        void audio?.close();
        audio = undefined;
        return;
      }
      const own = (audio ??= new AudioContext());
      // Its clock stands still until it runs: what is planned before comes late.
      void own.resume().then(() => (own === audio ? start() : undefined));
    },
    close() {
      stop();
      void audio?.close();
      audio = undefined;
    },
  };
}
