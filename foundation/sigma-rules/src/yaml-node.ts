/** A YAML node with the line it began on. Aliases are expanded; keys are unique strings. */
export type YamlTree = YamlMap | YamlList | YamlScalar;
export type YamlMap = { readonly kind: 'map'; readonly line: number; readonly entries: readonly YamlEntry[] };
export type YamlList = { readonly kind: 'list'; readonly line: number; readonly items: readonly YamlTree[] };
export type YamlEntry = { readonly key: string; readonly line: number; readonly value: YamlTree };
export type YamlScalar = {
  readonly kind: 'scalar';
  readonly line: number;
  readonly value: string | number | boolean | null;
  /** The characters in the file: `0x10` for the number 16. */
  readonly text: string;
};
