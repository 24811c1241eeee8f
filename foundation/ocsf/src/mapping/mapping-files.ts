/** A mapping as it is written: the name of its file and its YAML. */
export type MappingFile = { readonly name: string; readonly text: string };

/** The mappings that a thread was given as `{ mappings }` when it was started; what is none is left out. */
export function mappingFilesIn(data: unknown): MappingFile[] {
  const files: unknown = typeof data === 'object' && data !== null && 'mappings' in data ? data.mappings : [];
  const listed: readonly unknown[] = Array.isArray(files) ? files : [];
  return listed.flatMap((file) =>
    typeof file === 'object' &&
    file !== null &&
    'name' in file &&
    'text' in file &&
    typeof file.name === 'string' &&
    typeof file.text === 'string'
      ? [{ name: file.name, text: file.text }]
      : [],
  );
}
