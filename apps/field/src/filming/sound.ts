/** Sound in pieces of a quarter second: 16 bits, little endian, 16,000 a second, one channel. */
export type SoundCapture = { stop(): void };

const pieceMs = 250;

/**
 * `onPiece` gets each piece with the moment of its first sample. Rejects where the browser has no audio worklets. The
 * processor runs in the audio thread, which a busy page does not hold up.
 */
export async function captureSound(needs: {
  readonly stream: MediaStream;
  readonly context: AudioContext;
  readonly processorUrl: string;
  readonly nowMs: () => number;
  readonly onPiece: (capturedMs: number, pcm: Uint8Array) => void;
}): Promise<SoundCapture> {
  const { stream, context, nowMs, onPiece } = needs;
  await context.audioWorklet.addModule(needs.processorUrl);
  const source = context.createMediaStreamSource(stream);
  const processor = new AudioWorkletNode(context, 'sallyport-sound', {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: 'explicit',
  });
  processor.port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) onPiece(nowMs() - pieceMs, new Uint8Array(data));
  });
  processor.port.start();
  source.connect(processor);
  return {
    stop() {
      source.disconnect();
      processor.disconnect();
      processor.port.close();
    },
  };
}
