/**
 * A column whose text is sealed before it reaches the database. As a type it can be neither read nor written through an
 * ordinary handle of the database, so that code which forgets the encryption does not compile.
 */
export type Encrypted<Text extends string | null = string> = {
  readonly __select__: never;
  readonly __insert__: never;
  readonly __update__: never;
  readonly encrypted: Text;
};

/** The column of a blind index. It is filled and asked by itself; nobody names it in a query. */
export type BlindIndex = {
  readonly __select__: never;
  readonly __insert__: never;
  readonly __update__: never;
  readonly blindIndex: true;
};

/** The tables as they are seen through the encryption: text in, text out, no index columns. */
export type Opened<Tables> = { [Table in keyof Tables]: OpenedRow<Tables[Table]> };
type OpenedRow<Row> = {
  [Column in keyof Row as Row[Column] extends BlindIndex ? never : Column]: Row[Column] extends Encrypted<infer Text>
    ? Text
    : Row[Column];
};

export type IndexDeclaration<Name extends string = string> = {
  readonly column: Name;
  readonly bytes: number;
  readonly normalise: (text: string) => string;
};
export type ColumnDeclaration<IndexName extends string = string> = {
  readonly index: IndexDeclaration<IndexName> | undefined;
  readonly padBytes: number;
};
export type TableDeclaration = {
  /** The column that names a row and never changes. */
  readonly row: string;
  readonly columns: Readonly<Record<string, ColumnDeclaration>>;
};

type NamesOf<Row, Kind> = { [Column in keyof Row]: Row[Column] extends Kind ? Column : never }[keyof Row] & string;
type EncryptedKind = Encrypted | Encrypted<string | null>;

/** One entry for each table, naming every encrypted column of its type. */
export type TableDeclarations<Tables> = {
  readonly [Table in keyof Tables]: {
    readonly row: Exclude<keyof Tables[Table] & string, NamesOf<Tables[Table], EncryptedKind | BlindIndex>>;
    readonly columns: {
      readonly [Column in NamesOf<Tables[Table], EncryptedKind>]: ColumnDeclaration<NamesOf<Tables[Table], BlindIndex>>;
    };
  };
};

/** Below this many bytes unlike values are expected to share an index, by design. */
export const exactIndexBytes = 16;

/** `padBytes`: lengths are told apart only in steps of so many bytes (32 when left out). */
export function encrypted<Name extends string = never>(
  options: { readonly index?: IndexDeclaration<Name>; readonly padBytes?: number } = {},
): ColumnDeclaration<Name> {
  const { index, padBytes = 32 } = options;
  if (!Number.isSafeInteger(padBytes) || padBytes < 1 || padBytes > 65_536)
    throw new TypeError(`Cannot pad to ${padBytes} bytes: must be 1 to 65536`);
  return { index, padBytes };
}

/**
 * Equality search by `HMAC-SHA-256(key of this column, normalised text)`, cut to `bytes` (4 to 32).
 * Whoever reads the database learns which rows have equal values; with fewer than 16 bytes, which may have.
 */
export function blindIndex<Name extends string>(
  column: Name,
  options: { readonly bytes?: number; readonly normalise?: (text: string) => string } = {},
): IndexDeclaration<Name> {
  const { bytes = exactIndexBytes, normalise = (text: string) => text } = options;
  if (!Number.isSafeInteger(bytes) || bytes < 4 || bytes > 32)
    throw new TypeError(`Cannot make a blind index of ${bytes} bytes: must be 4 to 32`);
  return { column, bytes, normalise };
}
