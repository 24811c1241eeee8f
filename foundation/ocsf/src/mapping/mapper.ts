import type { JsonObject } from '../event.ts';
import { readOcsfSchema } from '../schema/schema.ts';
import { compileMapping } from './compile-mapping.ts';
import type { MappedRecord, Mapping } from './compile-mapping.ts';
import { createCompleteness } from './completeness.ts';
import { readMappingDocuments } from './mapping-document.ts';
import { RefusedMapping } from './mapping-refusal.ts';

/** A file with mappings that cannot be used; the others can. */
export type MappingRefusal = { readonly file: string; readonly place: string; readonly message: string };

export type Mapper = {
  readonly mappings: readonly Mapping[];
  readonly refused: readonly MappingRefusal[];
  /** What the first mapping that fits makes of a record of `format`; undefined when none fits. Never throws. */
  readonly map: (format: string, record: JsonObject) => (MappedRecord & { readonly mapping: Mapping }) | undefined;
};

/** Of the mappings of a format the one with more conditions goes first; among equals the name decides, so the order of files does not. */
export function createMapper(files: readonly { readonly name: string; readonly text: string }[]): Mapper {
  const schema = readOcsfSchema();
  const completeness = createCompleteness(schema);
  const mappings: Mapping[] = [];
  const refused: MappingRefusal[] = [];
  for (const file of files) {
    try {
      for (const document of readMappingDocuments(file.text)) {
        if (mappings.some(({ name }) => name === document.name))
          throw new RefusedMapping('name', `Cannot use the name "${document.name}" twice`);
        mappings.push(compileMapping(document, schema, completeness));
      }
    } catch (error) {
      if (!(error instanceof RefusedMapping)) throw error;
      refused.push({ file: file.name, place: error.place, message: error.message });
    }
  }
  const byFormat = Map.groupBy(
    mappings.toSorted((left, right) => right.conditions - left.conditions || (left.name < right.name ? -1 : 1)),
    ({ format }) => format,
  );
  return {
    mappings,
    refused,
    map(format, record) {
      for (const mapping of byFormat.get(format) ?? []) {
        const mapped = mapping.map(record);
        if (mapped !== undefined) return { ...mapped, mapping };
      }
      return undefined;
    },
  };
}
