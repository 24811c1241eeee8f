import { schemaTable } from './schema.generated.ts';

export type OcsfAttribute = {
  /** A type of the dictionary without its `_t` (`integer`, `ip`, `timestamp`), or the name of an object. */
  readonly type: string;
  readonly isObject: boolean;
  readonly isList: boolean;
  readonly isRequired: boolean;
  /** The numbers an enumerated attribute may have. */
  readonly values?: ReadonlySet<number>;
  /** The texts. */
  readonly words?: ReadonlySet<string>;
};

export type OcsfShape = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, OcsfAttribute>;
  /** One of these at least must be there; empty when there is no such rule. */
  readonly oneOf: readonly string[];
};

export type OcsfSchema = {
  /** By class number: extension × 100000 + category × 1000 + class. */
  readonly classes: ReadonlyMap<number, OcsfShape>;
  readonly objects: ReadonlyMap<string, OcsfShape>;
};

/** The classes and objects of OCSF 1.8.0 with the extensions for Windows, Linux and macOS, profiles included as optional. */
export function readOcsfSchema(): OcsfSchema {
  const classes = new Map<number, OcsfShape>();
  const objects = new Map<string, OcsfShape>();
  for (const line of schemaTable.split('\n')) {
    const [kind, ...words] = line.trimEnd().split(' ');
    if (kind === 'object') {
      const shape = shapeOf(words);
      objects.set(shape.name, shape);
    } else if (kind === 'class') {
      const [uid, ...rest] = words;
      classes.set(Number(uid), shapeOf(rest, classes.get(0)));
    }
  }
  return { classes, objects };
}

/** `name|one|of *required list[]:type. enumerated:integer.(0,1,99)`; a point ends a plain type, else it is an object; `~` is a space in a word. */
function shapeOf(words: readonly string[], base?: OcsfShape): OcsfShape {
  const [name = '', ...oneOf] = (words[0] ?? '').split('|');
  const attributes = new Map(base?.attributes);
  for (const word of words.slice(1)) {
    const match = /^(\*?)([a-z0-9_]+)(\[\])?:([a-z0-9_]+)(\.?)(?:\(([\w,~-]+)\))?$/.exec(word);
    if (match === null) throw new TypeError(`the table of the OCSF schema has the malformed word "${word}"`);
    const [, required, attribute = '', list, type = '', plain, values] = match;
    attributes.set(attribute, {
      type,
      isObject: plain === '',
      isList: list !== undefined,
      isRequired: required === '*',
      ...(values === undefined ? {} : enumerationOf(type, values.split(','))),
    });
  }
  return { name, attributes, oneOf };
}

function enumerationOf(type: string, listed: readonly string[]): Pick<OcsfAttribute, 'values' | 'words'> {
  return type === 'string'
    ? { words: new Set(listed.map((word) => word.replaceAll('~', ' '))) }
    : { values: new Set(listed.map(Number)) };
}
