/**
 * An AnyValue. Integers that a number does not hold exactly are bigint; an unset value is undefined; lists and maps nest
 * at most `maxDepth`. Keys are foreign, therefore maps and not objects.
 */
export type OtlpValue = undefined | string | boolean | number | bigint | Uint8Array | readonly OtlpValue[] | OtlpMap;
export type OtlpMap = ReadonlyMap<string, OtlpValue>;

export type OtlpResource = { readonly attributes: OtlpMap; readonly schemaUrl: string };
export type OtlpScope = {
  readonly name: string;
  readonly version: string;
  readonly attributes: OtlpMap;
  readonly schemaUrl: string;
};

/** One LogRecord of the OpenTelemetry logs model, with the resource and scope it came under (shared objects). */
export type OtlpLogRecord = {
  readonly resource: OtlpResource;
  readonly scope: OtlpScope;
  /** Nanoseconds since 1970 in decimal; undefined for 0, which means unknown. */
  readonly timeUnixNano: string | undefined;
  readonly observedTimeUnixNano: string | undefined;
  /** 1-24; 0: not given. */
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: OtlpValue;
  readonly attributes: OtlpMap;
  readonly droppedAttributesCount: number;
  readonly flags: number;
  /** Lowercase hexadecimal of 16 bytes; undefined when absent or all zero. */
  readonly traceId: string | undefined;
  /** Lowercase hexadecimal of 8 bytes. */
  readonly spanId: string | undefined;
  readonly eventName: string;
};

export type OtlpLogs = {
  readonly records: readonly OtlpLogRecord[];
  /** Records that could not be read while the rest could: they go into `partial_success`. */
  readonly rejected: number;
  /** Why the first of them was not read. */
  readonly rejectedReason: string;
};

export type OtlpRefusalCode =
  | 'otlp_too_large'
  | 'otlp_too_deep'
  | 'otlp_too_many_records'
  | 'otlp_too_many_values'
  | 'otlp_wire'
  | 'otlp_json'
  | 'otlp_shape';

export type OtlpLimits = {
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly maxValues: number;
  readonly maxDepth: number;
};
export const defaultOtlpLimits: OtlpLimits = {
  maxBytes: 16 << 20,
  maxRecords: 65_536,
  maxValues: 2_000_000,
  maxDepth: 32,
};

/** Whole milliseconds of a time in nanoseconds, exactly cut. */
export function unixMsOfNano(nano: string): number {
  return nano.length <= 6 ? 0 : Number(nano.slice(0, -6));
}

/** Stops the reading of one request. It never leaves this folder. */
export class OtlpFault extends Error {
  readonly code: OtlpRefusalCode;
  readonly at: number;

  constructor(code: OtlpRefusalCode, at: number, message: string) {
    super(message);
    this.name = 'OtlpFault';
    this.code = code;
    this.at = at;
  }
}

/** Counts what a request expands to. */
export type OtlpBudget = { readonly limits: OtlpLimits; records: number; values: number };

export function spendValue(budget: OtlpBudget, depth: number, at: number): void {
  budget.values += 1;
  if (budget.values > budget.limits.maxValues)
    throw new OtlpFault('otlp_too_many_values', at, `Request has more than ${budget.limits.maxValues} values`);
  if (depth > budget.limits.maxDepth)
    throw new OtlpFault('otlp_too_deep', at, `Values are nested deeper than ${budget.limits.maxDepth}`);
}

export function spendRecord(budget: OtlpBudget, at: number): void {
  budget.records += 1;
  if (budget.records > budget.limits.maxRecords)
    throw new OtlpFault('otlp_too_many_records', at, `Request has more than ${budget.limits.maxRecords} log records`);
}
