import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { isJsonObject } from '@sallyport/contracts';
import { decodeSsd, suppressOverlaps } from '@sallyport/object-detection';
import { CodedError } from '@sallyport/platform/errors';
import { suppression, weakScore } from './engine.ts';
import type { Engine } from './engine.ts';
import type { ModelEntry, ModelFiles } from './model-registry.ts';
import type { io } from '@tensorflow/tfjs-core';

/**
 * SSD MobileNet on TensorFlow.js with its WebAssembly backend: nothing native, so it runs wherever Node does, at a fifth
 * of the speed of YOLOX. Everything comes from `files` and from the package; nothing is fetched.
 */
export async function openSsd(entry: ModelEntry, files: ModelFiles): Promise<Engine> {
  const tensorflow = await import('@tensorflow/tfjs-core');
  const { setThreadsCount, setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
  setThreadsCount(1);
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  if (!(await tensorflow.setBackend('wasm'))) {
    throw new CodedError('model_unloadable', `Cannot load "${entry.id}": WebAssembly does not start`);
  }
  const artifacts = readArtifacts(entry, files);
  const model = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
  return {
    async detect({ width, height, pixels }) {
      const input = tensorflow.tensor4d(
        Int32Array.from(pixels.subarray(0, width * height * 3)),
        [1, height, width, 3],
        'int32',
      );
      const outputs = await model.executeAsync(input);
      input.dispose();
      const tensors = Array.isArray(outputs) ? outputs : [outputs];
      try {
        const [scores, boxes] = await Promise.all(tensors.map((tensor) => tensor.data()));
        if (!(scores instanceof Float32Array) || !(boxes instanceof Float32Array)) {
          throw new CodedError('model_output_invalid', `Cannot read what "${entry.id}" gave: it has no two outputs`);
        }
        return suppressOverlaps(decodeSsd(scores, boxes, { labels: entry.labels, least: weakScore }), suppression);
      } finally {
        for (const tensor of tensors) tensor.dispose();
      }
    },
  };
}

type ModelDescription = { readonly modelTopology: object; readonly weightsManifest: io.WeightsManifestConfig };

/** The first file describes the model, the others are its weights in order. */
function readArtifacts(entry: ModelEntry, files: ModelFiles): io.ModelArtifacts {
  const [description, ...shards] = files.values();
  const parsed: unknown = JSON.parse(Buffer.from(description ?? []).toString('utf8'));
  if (!isDescription(parsed)) {
    throw new CodedError('model_unloadable', `Cannot load "${entry.id}": its description is not of TensorFlow.js`);
  }
  const weights = Buffer.concat(shards);
  const weightData = new ArrayBuffer(weights.length);
  new Uint8Array(weightData).set(weights);
  return {
    modelTopology: parsed.modelTopology,
    weightSpecs: parsed.weightsManifest.flatMap((group) => group.weights),
    weightData,
  };
}

/** The file fits its hash already: this says only that it is of the kind the registry claims. */
function isDescription(value: unknown): value is ModelDescription {
  return isJsonObject(value) && isJsonObject(value['modelTopology']) && Array.isArray(value['weightsManifest']);
}
