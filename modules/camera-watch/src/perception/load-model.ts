import { CodedError, messageOf } from '@sallyport/platform/errors';
import type { Engine } from './engine.ts';
import { findModelFiles } from './model-registry.ts';
import type { ModelEntry, ModelFiles } from './model-registry.ts';
import { openSsd } from './ssd-engine.ts';
import { openYolox } from './yolox-engine.ts';

export type LoadedModel = { readonly entry: ModelEntry; readonly engine: Engine };

export type LoadModelNeeds = {
  readonly entries: readonly ModelEntry[];
  /** Where weights may be, the first first. */
  readonly directories: readonly string[];
  /** Undefined when there is no such file. Throws when it cannot be read. */
  readonly readFile: (path: string) => Uint8Array | undefined;
};

/**
 * The best model whose files are there with their hashes and whose engine runs on this machine. Without one, the reasons.
 */
export async function loadModel(
  needs: LoadModelNeeds,
): Promise<{ readonly model: LoadedModel | undefined; readonly reason: string | undefined }> {
  const reasons: string[] = [];
  for (const entry of needs.entries.toSorted((one, other) => one.preference - other.preference)) {
    let isAnyThere = false;
    const readFile = (path: string): Uint8Array | undefined => {
      const content = needs.readFile(path);
      isAnyThere ||= content !== undefined;
      return content;
    };
    try {
      const files = findModelFiles(entry, needs.directories, readFile);
      if (files === undefined) {
        reasons.push(
          `${entry.id} ${isAnyThere ? 'is here with other files than those of the registry' : 'is not here'}`,
        );
        continue;
      }
      return { model: { entry, engine: await openEngine(entry, files) }, reason: reasons.join('; ') || undefined };
    } catch (error) {
      reasons.push(`${entry.id}: ${messageOf(error)}`);
    }
  }
  return { model: undefined, reason: reasons.join('; ') || 'the registry is empty' };
}

async function openEngine(entry: ModelEntry, files: ModelFiles): Promise<Engine> {
  switch (entry.engine) {
    case 'onnx-yolox':
      return openYolox(entry, files);
    case 'tfjs-ssd':
      return openSsd(entry, files);
    default:
      throw new CodedError('model_unloadable', `Cannot load "${String(entry.engine)}"`);
  }
}
