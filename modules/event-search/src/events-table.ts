import { createHash } from 'node:crypto';
import { pathsOf, promotedFields, type PromotedField } from './promoted-fields.ts';

export const storeDatabase = 'sallyport';
export const eventsTable = `${storeDatabase}.events`;
export const sealedPolicy = 'sealed';

/** Columns an insert carries, in this order; everything else the engine computes. */
export const insertedColumns = ['log', 'idx', 'received_at', 'class_uid', 'body'] as const;

/** The latest claimed time kept as it is, 9999-12-31; what lies outside is clamped, never refused. */
const lastTimeMs = 253_402_300_799_999;

type TypeTree = { readonly children: Map<string, TypeTree>; type?: string };

/**
 * The table of events. The body is parsed once a row: one `Tuple` of all promoted paths, from which the columns are
 * picked (a `JSONExtract` for each column costs twice as much). Sorted by position, which is also the order of receipt, so
 * that a time range, a page, one event and the count of a range all read few rows.
 */
export function createEventsTable(): string {
  return `CREATE TABLE ${eventsTable} (${columns()}) ${engine()}, ${settingList(upkeep)} COMMENT '${eventsTableFingerprint()}'`;
}

/** Brings a table of this layout, which was made with other upkeep, to today's. */
export function keepEventsTable(): string {
  return `ALTER TABLE ${eventsTable} MODIFY SETTING ${settingList(upkeep)}`;
}

/**
 * How the engine goes about what is inserted. It changes nothing of what stands in the table, and is no part of the layout: a store that
 * was filled under another upkeep goes on under this one.
 */
const upkeep = {
  // Merges would count the different values of each column, for a planner of joins that is never asked.
  auto_statistics_types: "''",
};

/** Names this layout. A store with another one is rebuilt from the ledger. */
export function eventsTableFingerprint(): string {
  return createHash('sha256').update(`${columns()} ${engine()}`).digest('hex');
}

function engine(): string {
  const settings = {
    storage_policy: `'${sealedPolicy}'`,
    fsync_after_insert: 1,
    // Without these two a merged part, and the name of a new one, may be lost with the power.
    min_rows_to_fsync_after_merge: 1,
    fsync_part_directory: 1,
    non_replicated_deduplication_window: 1000,
    // What was taken out, so that nothing gives it back, must not lie on the disk for the eight minutes of the default.
    old_parts_lifetime: 30,
    // The defaults are for a pool of 16 threads; with ours, a removal would wait for seconds.
    number_of_free_entries_in_pool_to_execute_mutation: 1,
    number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  };
  return `ENGINE = MergeTree PARTITION BY toYYYYMMDD(received_at) ORDER BY (log, idx) SETTINGS ${settingList(settings)}`;
}

function settingList(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([setting, value]) => `${setting} = ${value}`)
    .join(', ');
}

function columns(): string {
  const tuple = parsedType();
  return [
    'log UInt32',
    'idx UInt64 CODEC(Delta, ZSTD(1))',
    "received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))",
    'class_uid UInt32',
    'body String CODEC(ZSTD(1))',
    `parsed ${tuple} EPHEMERAL JSONExtract(body, '${tuple.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}')`,
    ...promotedFields.map(
      (field) => `\`${field.name}\` ${withCodec(field.columnType, `MATERIALIZED ${columnExpression(field)}`)}`,
    ),
    // What came from outside carries its original, whatever log it says it is of. Told once, or every search would read every body.
    "own_audit UInt8 MATERIALIZED `log_name` = 'audit' AND NOT JSONHas(body, 'raw_data')",
    // A row without a body stands for an event whose key was destroyed.
    "erased UInt8 MATERIALIZED body = ''",
    'INDEX received_index received_at TYPE minmax GRANULARITY 1',
    'INDEX time_index `time` TYPE minmax GRANULARITY 1',
    "INDEX text_index body TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lowerUTF8(body))",
  ].join(', ');
}

/** The codec stands behind the expression: `name type MATERIALIZED expression CODEC(…)`. */
function withCodec(columnType: string, expression: string): string {
  const at = columnType.indexOf(' CODEC');
  return at < 0 ? `${columnType} ${expression}` : `${columnType.slice(0, at)} ${expression}${columnType.slice(at)}`;
}

function columnExpression(field: PromotedField): string {
  const elements = field.paths.map(tupleElement);
  const first = elements[0] ?? '';
  switch (field.kind) {
    case 'number':
      return first;
    case 'time':
      return `fromUnixTimestamp64Milli(greatest(0, least(${first}, ${lastTimeMs})), 'UTC')`;
    default:
      return textExpression(field, elements);
  }
}

function textExpression(field: PromotedField, elements: readonly string[]): string {
  const { inClass, onlyInClass, ownPaths = [] } = field;
  const fromOutside = elements.length === 0 ? "''" : firstNotEmpty(elements);
  const own = ownPaths.length === 0 ? undefined : firstNotEmpty(ownPaths.map(tupleElement));
  // Most events say nothing there: their bodies are not looked at again for it.
  const anywhere =
    own === undefined ? fromOutside : `if(${own} != '' AND NOT JSONHas(body, 'raw_data'), ${own}, ${fromOutside})`;
  if (onlyInClass !== undefined) return `if(class_uid = ${onlyInClass}, ${anywhere}, '')`;
  if (inClass === undefined) return anywhere;
  const { classUid } = inClass;
  return `if(class_uid = ${classUid}, ${firstNotEmpty([...inClass.paths, ...field.paths].map(tupleElement))}, ${anywhere})`;
}

function firstNotEmpty(elements: readonly string[]): string {
  return elements.reduceRight((rest, element) => `if(${element} != '', ${element}, ${rest})`);
}

function tupleElement(path: string): string {
  return path.split('.').reduce((inner, part) => `tupleElement(${inner}, '${part}')`, 'parsed');
}

function parsedType(): string {
  const root: TypeTree = { children: new Map() };
  for (const field of promotedFields) {
    for (const path of pathsOf(field, field.inClass?.classUid ?? field.onlyInClass, true)) {
      let node = root;
      for (const part of path.split('.')) {
        const child = node.children.get(part) ?? { children: new Map() };
        node.children.set(part, child);
        node = child;
      }
      node.type = field.kind === 'text' ? 'String' : field.kind === 'time' ? 'Int64' : field.columnType;
    }
  }
  return typeOf(root);
}

function typeOf(node: TypeTree): string {
  if (node.type !== undefined) return node.type;
  return `Tuple(${[...node.children].map(([part, child]) => `\`${part}\` ${typeOf(child)}`).join(', ')})`;
}
