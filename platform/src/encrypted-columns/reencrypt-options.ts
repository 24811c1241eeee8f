import type { EncryptedColumnError } from './encrypted-column-error.ts';

export type StoredRow = Readonly<Record<string, unknown>>;

export type ReencryptOptions = {
  /** Rows a transaction; 100 when left out. */
  readonly rowsAtOnce?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReencryptProgress) => void;
  readonly onDamaged?: (damage: EncryptedColumnError) => void;
  /**
   * By column: the text of a value an earlier version of the product wrote, from the row as it is stored. Throws when it does
   * not open. Without it such a value counts as damaged.
   */
  readonly earlier?: Readonly<Record<string, (stored: string, row: StoredRow) => string>>;
};

export type ReencryptProgress = {
  readonly table: string;
  readonly version: number;
  readonly resealed: number;
  /** Rows left as they are because a value of theirs does not open: older keys must not be forgotten as long as there are any. */
  readonly damaged: number;
  /** Rows not looked at yet. */
  readonly remaining: number;
  readonly done: boolean;
};
