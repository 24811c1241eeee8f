/** A sound nobody mistakes for another: two tones, twice a second, until it is told to stop, at most two minutes. */
export type Siren = {
  /** False when the browser makes no sound before somebody touched the page. */
  start(): boolean;
  stop(): void;
  isOn(): boolean;
};

const mostMs = 120_000;
const highHz = 1150;
const lowHz = 800;
const turnSeconds = 0.5;

export function createSiren(needs: {
  readonly context: () => AudioContext | undefined;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly onChange: (isOn: boolean) => void;
}): Siren {
  let running: { readonly oscillator: OscillatorNode; readonly cancel: () => void } | undefined;

  const stop = (): void => {
    if (running === undefined) return;
    running.cancel();
    running.oscillator.stop();
    running.oscillator.disconnect();
    running = undefined;
    needs.onChange(false);
  };

  return {
    start() {
      const context = needs.context();
      if (context?.state !== 'running') return false;
      if (running !== undefined) return true;
      const oscillator = context.createOscillator();
      oscillator.type = 'square';
      for (let turn = 0; turn * turnSeconds * 1000 < mostMs; turn += 1)
        oscillator.frequency.setValueAtTime(turn % 2 === 0 ? highHz : lowHz, context.currentTime + turn * turnSeconds);
      oscillator.connect(context.destination);
      oscillator.start();
      running = { oscillator, cancel: needs.after(mostMs, stop) };
      needs.onChange(true);
      return true;
    },
    stop,
    isOn: () => running !== undefined,
  };
}
