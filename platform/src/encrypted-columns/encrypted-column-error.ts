import { CodedError } from '../errors.ts';

export type EncryptedColumnErrorCode =
  /** Was changed or cut short, or stands in another row, column, table or tenant than it was sealed for: which of them, no cipher can say. */
  | 'value_not_authentic'
  /** Not in the form sealed values have, as text written past this layer. */
  | 'value_not_sealed'
  | 'key_version_unknown'
  /** A row was found by a blind index that is not that of its value. */
  | 'index_mismatch'
  | 'comparison_refused'
  | 'query_refused'
  | 'row_id_missing'
  | 'value_not_text'
  | 'keys_invalid';

/** Details name table, column and row, never a value. */
export class EncryptedColumnError extends CodedError<EncryptedColumnErrorCode> {}
