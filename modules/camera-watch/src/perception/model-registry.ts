import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { CodedError } from '@sallyport/platform/errors';
import type { LabelGroup } from './perceived.ts';

/** A model as the registry describes it. */
export type ModelEntry = {
  readonly id: string;
  /** The lowest that is found is used. */
  readonly preference: number;
  readonly engine: 'onnx-yolox' | 'tfjs-ssd';
  /** Longer side of the picture it is given, in pixels. */
  readonly side: number;
  readonly leastScore: number;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  readonly licence: string;
  readonly origin: string;
  /** By class, from 0; undefined where the model has a gap. */
  readonly labels: readonly (string | undefined)[];
  /** Of each label that is told; the others are passed over. */
  readonly groupOf: ReadonlyMap<string, LabelGroup>;
};

/** The contents of a model's files by name; each fits its hash. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

const groupNames = ['person', 'vehicle', 'animal', 'bag', 'weapon_class'] as const;
const engines = ['onnx-yolox', 'tfjs-ssd'] as const;

/** Reads one entry of the registry. Throws `model_entry_invalid`. */
export function parseModelEntry(text: string): ModelEntry {
  const entry: unknown = JSON.parse(text);
  if (!isJsonObject(entry)) throw invalid('it is no object');
  const engine = engines.find((each) => each === entry['engine']);
  const { id, preference, side, least_score: leastScore, files, labels, groups, licence, origin } = entry;
  if (engine === undefined) throw invalid('its engine is unknown');
  if (typeof id !== 'string' || typeof licence !== 'string' || typeof origin !== 'string') {
    throw invalid('it names no id, licence and origin');
  }
  if (typeof preference !== 'number' || typeof side !== 'number' || typeof leastScore !== 'number') {
    throw invalid('it names no preference, side and least_score');
  }
  if (!Array.isArray(files) || files.length === 0 || !Array.isArray(labels) || !isJsonObject(groups)) {
    throw invalid('it names no files, labels and groups');
  }
  return {
    id,
    preference,
    engine,
    side,
    leastScore,
    licence,
    origin,
    files: files.map((file) => readFileEntry(file)),
    labels: labels.map((label) => (typeof label === 'string' ? label : undefined)),
    groupOf: readGroups(groups),
  };
}

function readFileEntry(file: unknown): ModelEntry['files'][number] {
  if (!isJsonObject(file)) throw invalid('a file is no object');
  const { name, bytes, sha256 } = file;
  const isSafe = typeof name === 'string' && /^[a-z0-9][\w.-]*(?:\/[a-z0-9][\w.-]*)?$/i.test(name);
  if (!isSafe || typeof bytes !== 'number' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw invalid('a file needs a plain name, bytes and sha256');
  }
  return { name, bytes, sha256 };
}

function readGroups(groups: JsonObject): Map<string, LabelGroup> {
  const groupOf = new Map<string, LabelGroup>();
  for (const name of groupNames) {
    const labels = groups[name];
    for (const label of Array.isArray(labels) ? labels : []) if (typeof label === 'string') groupOf.set(label, name);
  }
  return groupOf;
}

/**
 * The files of a model out of the first directory that has them all with the right sizes and hashes; undefined when none
 * has. Bytes with another hash are never loaded: they would be code of somebody else's choosing in all but name.
 */
export function findModelFiles(
  entry: ModelEntry,
  directories: readonly string[],
  readFile: (path: string) => Uint8Array | undefined,
): ModelFiles | undefined {
  for (const directory of directories) {
    const found = new Map<string, Uint8Array>();
    for (const { name, bytes, sha256 } of entry.files) {
      const content = readFile(join(directory, name));
      if (content === undefined || content.length !== bytes) break;
      if (createHash('sha256').update(content).digest('hex') !== sha256) break;
      found.set(name, content);
    }
    if (found.size === entry.files.length) return found;
  }
  return undefined;
}

function invalid(why: string): CodedError {
  return new CodedError('model_entry_invalid', `Cannot read model entry: ${why}`);
}
