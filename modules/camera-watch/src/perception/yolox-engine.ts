import { decodeYolox, letterboxBgr, suppressOverlaps } from '@sallyport/object-detection';
import { CodedError } from '@sallyport/platform/errors';
import { suppression, weakScore } from './engine.ts';
import type { Engine } from './engine.ts';
import type { ModelEntry, ModelFiles } from './model-registry.ts';

/** YOLOX on onnxruntime-node, in one thread of its own; the native library is loaded here and only in this process. */
export async function openYolox(entry: ModelEntry, files: ModelFiles): Promise<Engine> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const [content] = files.values();
  if (content === undefined) throw new CodedError('model_unloadable', `Cannot load "${entry.id}": it has no file`);
  const session = await InferenceSession.create(content, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  const labels = entry.labels.map((label) => label ?? '');
  const { side } = entry;
  const values = new Float32Array(3 * side * side);
  const images = new Tensor('float32', values, [1, 3, side, side]);
  return {
    async detect(picture) {
      letterboxBgr(picture, side, values);
      const { output } = await session.run({ images });
      const data = output?.data;
      if (!(data instanceof Float32Array)) {
        throw new CodedError('model_output_invalid', `Cannot read what "${entry.id}" gave: it has no output`);
      }
      return suppressOverlaps(decodeYolox(data, { side, labels }, { picture, least: weakScore }), suppression);
    },
  };
}
