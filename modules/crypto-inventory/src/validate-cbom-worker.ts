// Thread that checks one document and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';

const mostFaults = 5;

const given: unknown = workerData;
const { text, version } = isJsonObject(given) ? given : {};
const wanted = Object.values(Spec.Version).find((known) => known === version);
if (typeof text !== 'string' || wanted === undefined)
  throw new TypeError('Cannot check: must be handed a document and its version');
const read = parseJson(text);
const isOfVersion = isJsonObject(read) && read['specVersion'] === wanted;
const faults: unknown = await new Validation.JsonStrictValidator(wanted).validate(text);
// A thread has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.postMessage(isOfVersion ? faultsOf(faults) : [`/specVersion must be ${wanted}`]);

/** Empty for a document that fits. */
function faultsOf(found: unknown): string[] {
  if (found === null) return [];
  const all: unknown[] = Array.isArray(found) ? found : [found];
  return all.slice(0, mostFaults).map((fault) => {
    const { instancePath, message } = isJsonObject(fault) ? fault : {};
    return `${textOf(instancePath)} ${textOf(message) || 'does not fit'}`.trim();
  });
}
