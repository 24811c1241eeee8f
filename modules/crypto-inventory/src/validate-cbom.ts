import { Worker } from 'node:worker_threads';
import { InventoryError } from './errors.ts';

const limitMs = 60_000;

/**
 * Holds a document against the JSON schema of its CycloneDX version, as the library of the makers of the format ships it. In a thread of
 * its own, since compiling the schema takes 400 ms of a processor. Throws `cbom_invalid` with the first places that do not fit.
 */
export function validateCbom(text: string, version: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./validate-cbom-worker.ts', import.meta.url), { workerData: { text, version } });
    const fail = (cause: unknown, why: string): void =>
      reject(new InventoryError('cbom_invalid', `Cannot hand out the bill of materials: ${why}`, { cause }));
    const timer = setTimeout(() => {
      fail(undefined, `it was not checked within ${limitMs / 1000} seconds`);
      void worker.terminate();
    }, limitMs);
    worker.once('message', (faults: unknown) => {
      const places = Array.isArray(faults) ? faults.map(String) : ['the check answered nothing'];
      if (places.length === 0) resolve();
      else fail(undefined, `it does not fit the schema of CycloneDX ${version}: ${places.join('; ')}`);
    });
    worker.once('error', (error) => fail(error, 'its check failed'));
    worker.once('exit', () => {
      clearTimeout(timer);
      // Too late to matter when it answered.
      fail(undefined, 'its check ended without an answer');
    });
  });
}

const keptDocuments = 4;

/**
 * As `validateCbom`, which is asked once for the same document: whoever asks again within seconds is handed the very same, and several who ask at
 * once begin one thread. By the whole text; what did not fit is checked again.
 */
export function createCbomCheck(check: typeof validateCbom = validateCbom): typeof validateCbom {
  const checked = new Map<string, Promise<void>>();
  return (text, version) => {
    const key = `${version} ${text}`;
    const known = checked.get(key);
    if (known !== undefined) return known;
    const found = check(text, version);
    checked.set(key, found);
    found.catch(() => {
      if (checked.get(key) === found) checked.delete(key);
    });
    for (const oldest of checked.keys()) {
      if (checked.size <= keptDocuments) break;
      checked.delete(oldest);
    }
    return found;
  };
}
