export { decodeOtlpJson } from './decode-json.ts';
export { decodeOtlpProtobuf } from './decode-protobuf.ts';
export { exportResponseJson, exportResponseProtobuf } from './export-response.ts';
export type { PartialSuccess } from './export-response.ts';
export { defaultOtlpLimits, unixMsOfNano } from './log-record.ts';
export type {
  OtlpLimits,
  OtlpLogRecord,
  OtlpLogs,
  OtlpMap,
  OtlpRefusalCode,
  OtlpResource,
  OtlpScope,
  OtlpValue,
} from './log-record.ts';
