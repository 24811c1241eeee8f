/**
 * Names in an archive, below its prefix:
 *   ledger/instance                                              the name of the installation
 *   ledger/logs/N/origin · vkey                                  a log's name and key
 *   ledger/logs/N/blocks/<segment>-<first>-<end>-<bytes>.blocks  sealed blocks of entries [first, end), from one segment file
 *   ledger/logs/N/tiles/<first>-<end>.tar                        C2SP hash tiles of these entries
 *   ledger/logs/N/checkpoints/<size>-<sum>                       signed checkpoints, cosigned where witnesses did
 *   vault/<vault>/<generation>.vault                             the wrapped keys; others add names of their own there
 */
const maxNameCharacters = 200;

export type SpanName = {
  readonly log: number;
  /** The segment file it was in, by that file's first index. */
  readonly segment: number;
  /** Entries, half-open. */
  readonly first: number;
  readonly end: number;
  readonly bytes: number;
};

const digits = (value: number, count: number): string => String(value).padStart(count, '0');

export function isName(name: string): boolean {
  return name.length <= maxNameCharacters && /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(name);
}

export function spanName({ log, segment, first, end, bytes }: SpanName): string {
  return `ledger/logs/${log}/blocks/${digits(segment, 16)}-${digits(first, 16)}-${digits(end, 16)}-${digits(bytes, 10)}.blocks`;
}

export function parseSpanName(name: string): SpanName | undefined {
  const parts = /^ledger\/logs\/([1-9]\d{0,9})\/blocks\/(\d{16})-(\d{16})-(\d{16})-(\d{10})\.blocks$/.exec(name);
  if (parts === null) return undefined;
  const [log = 0, segment = 0, first = 0, end = 0, bytes = 0] = parts.slice(1).map(Number);
  return [log, segment, first, end, bytes].every(Number.isSafeInteger) && end > first && first >= segment && bytes > 0
    ? { log, segment, first, end, bytes }
    : undefined;
}

export function tilesName(log: number, first: number, end: number): string {
  return `ledger/logs/${log}/tiles/${digits(first, 16)}-${digits(end, 16)}.tar`;
}

export function checkpointName(log: number, size: number, sha256: string): string {
  return `ledger/logs/${log}/checkpoints/${digits(size, 16)}-${sha256.slice(0, 16)}`;
}

export function vaultName(vault: string, generation: number): string {
  return `vault/${vault}/${digits(generation, 12)}.vault`;
}

export function logFileName(log: number, file: 'origin' | 'vkey'): string {
  return `ledger/logs/${log}/${file}`;
}

export const instanceName = 'ledger/instance';

export type NameKind = 'blocks' | 'tiles' | 'checkpoint' | 'log' | 'vault' | 'record';

/** What a name says it is. */
export function kindOfName(name: string): NameKind {
  if (parseSpanName(name) !== undefined) return 'blocks';
  if (/^ledger\/logs\/\d+\/tiles\//.test(name)) return 'tiles';
  if (/^ledger\/logs\/\d+\/checkpoints\//.test(name)) return 'checkpoint';
  if (name.startsWith('ledger/')) return 'log';
  return /^vault\/[0-9a-f]{32}\/\d{12}\.vault$/.test(name) ? 'vault' : 'record';
}
