import type { MasterKeyProvider } from './needs.ts';

/** One wrapped key as it stands in the file. Never holds key material in clear. */
export type VaultRecord = {
  readonly id: string;
  readonly purpose: string;
  readonly label: string;
  readonly createdAtMs: number;
  readonly wrapped: string;
};

export type VaultContent = { readonly generation: number; readonly records: readonly VaultRecord[] };

const format = 'sallyport-key-vault@v1';

/** What a record's wrapping is bound to: a record moved to another purpose or label does not open. */
export function recordContext(record: Pick<VaultRecord, 'id' | 'purpose' | 'label'>): string {
  return `${format}\n${record.id}\n${record.purpose}\n${record.label}`;
}

/** The file's bytes. Its list is sealed too, so that a record cannot be dropped or an old list put back piecewise unnoticed. */
export function formatVaultFile(content: VaultContent, provider: MasterKeyProvider): Buffer {
  const list = JSON.stringify(content);
  return Buffer.from(`${format}\n${provider.wrap(Buffer.from(list), format).toString('base64')}\n`);
}

/** The content, or undefined when the bytes are not an intact vault file of this master key. */
export function parseVaultFile(bytes: Buffer, provider: MasterKeyProvider): VaultContent | undefined {
  const [head, wrapped, ...rest] = bytes.toString('utf8').split('\n');
  if (head !== format || wrapped === undefined || rest.length !== 1) return undefined;
  try {
    const content: unknown = JSON.parse(provider.unwrap(Buffer.from(wrapped, 'base64'), format).toString('utf8'));
    return isVaultContent(content) ? content : undefined;
  } catch {
    // Damaged or foreign: the caller falls back to the other copy and refuses when none is intact.
    return undefined;
  }
}

function isVaultContent(value: unknown): value is VaultContent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'generation' in value &&
    Number.isSafeInteger(value.generation) &&
    'records' in value &&
    Array.isArray(value.records) &&
    value.records.every(isVaultRecord)
  );
}

function isVaultRecord(value: unknown): value is VaultRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = new Map<string, unknown>(Object.entries(value));
  const texts = ['id', 'purpose', 'label', 'wrapped'].every((name) => typeof record.get(name) === 'string');
  return texts && typeof record.get('createdAtMs') === 'number';
}
