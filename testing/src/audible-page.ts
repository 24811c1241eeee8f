/**
 * For a browser's `addInitScript`: gives every page `heard()`, how loud it is just now (0 to 1), whatever plays in it. All
 * that goes to the loudspeaker passes an analyser first.
 */
export const audiblePage = `(() => {
  const analysers = [];
  const loudspeaker = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, 'destination').get;
  const analyserOf = new WeakMap();
  Object.defineProperty(BaseAudioContext.prototype, 'destination', {
    get() {
      if (!analyserOf.has(this)) {
        const analyser = new AnalyserNode(this, { fftSize: 512 });
        analyser.connect(loudspeaker.call(this));
        analysers.push(analyser);
        analyserOf.set(this, analyser);
      }
      return analyserOf.get(this);
    },
  });
  globalThis.heard = () => Math.max(0, ...analysers.map((analyser) => {
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  }));
})()`;
