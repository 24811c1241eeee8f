/** Which of the last pictures were this one, each known by a number of its own. */
export type PrintMemory = {
  /** Where it was before, at most four times, the last first. */
  see(print: number, at: number): readonly number[];
};

const mostSightings = 4;

/** Of `most` pictures: about sixty bytes each, whatever they are. */
export function createPrintMemory(most: number): PrintMemory {
  const prints = new Float64Array(most);
  const ats = new Float64Array(most);
  /** How many pictures before it the same one was; 0 for none. */
  const steps = new Uint32Array(most);
  const last = new Map<number, number>();
  let count = 0;

  return {
    see(print, at) {
      const found: number[] = [];
      let index = last.get(print);
      const before = index;
      while (index !== undefined && index >= count - most && found.length < mostSightings) {
        found.push(ats[index % most] ?? 0);
        const step = steps[index % most] ?? 0;
        index = step === 0 ? undefined : index - step;
      }
      const place = count % most;
      const gone = prints[place] ?? 0;
      if (count >= most && last.get(gone) === count - most) last.delete(gone);
      prints[place] = print;
      ats[place] = at;
      steps[place] = before === undefined ? 0 : count - before;
      last.set(print, count);
      count += 1;
      return found;
    },
  };
}
