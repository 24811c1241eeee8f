// Runs in the audio thread: turns what the microphone gives into pieces of a quarter second of 16-bit sound.
import { createResampler, soundRate } from '../filming/resample.ts';

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const pieceSamples = soundRate / 4;

class SoundProcessor extends AudioWorkletProcessor {
  readonly #resampler = createResampler(sampleRate);
  #piece = new Int16Array(pieceSamples);
  #filled = 0;

  process(inputs: readonly (readonly Float32Array[])[]): boolean {
    const channel = inputs[0]?.[0];
    if (channel === undefined) return true;
    for (const sample of this.#resampler.add(channel)) {
      this.#piece[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled === pieceSamples) this.#send();
    }
    return true;
  }

  #send(): void {
    const { buffer } = this.#piece;
    this.port.postMessage(buffer, [buffer]);
    this.#piece = new Int16Array(pieceSamples);
    this.#filled = 0;
  }
}

registerProcessor('sallyport-sound', SoundProcessor);
