const samplesPerSecond = 16_000;
/** Chunks are played without a seam until they are so far behind the picture: then one is cut short. */
const mostBehindSeconds = 0.25;

/** Plays PCM of 16 bits little endian, chunk after chunk. */
export type Sound = { play(pcm: Uint8Array): void; stop(): void };

/** Made on a press of a button: browsers let nothing sound before. */
export function createSound(): Sound {
  const context = new AudioContext();
  let playing: AudioBufferSourceNode[] = [];
  let nextSeconds = 0;
  return {
    play(pcm) {
      const samples = Math.floor(pcm.length / 2);
      if (samples === 0) return;
      const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
      const buffer = context.createBuffer(1, samples, samplesPerSecond);
      const channel = buffer.getChannelData(0);
      for (let at = 0; at < samples; at += 1) channel[at] = view.getInt16(at * 2, true) / 32_768;
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      const now = context.currentTime;
      const startSeconds = nextSeconds > now && nextSeconds - now < mostBehindSeconds ? nextSeconds : now + 0.02;
      source.start(startSeconds);
      nextSeconds = startSeconds + buffer.duration;
      playing.push(source);
      source.addEventListener('ended', () => {
        playing = playing.filter((other) => other !== source);
      });
    },
    stop() {
      for (const source of playing) source.stop();
      nextSeconds = 0;
    },
  };
}
