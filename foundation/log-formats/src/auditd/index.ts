export { createAuditAssembler } from './assemble-events.ts';
export type { AuditAssembler, AuditAssemblerLimits, AuditEvent } from './assemble-events.ts';
export { defaultAuditLimits } from './audit-record.ts';
export type { AuditLimits, AuditRecord, AuditRefusalCode } from './audit-record.ts';
export { execveArguments, parseAudit } from './parse-audit.ts';
