export { createAuditAssembler } from './assemble-events.ts';
export type { AuditAssembler, AuditAssemblerLimits, AuditEvent, AuditHead } from './assemble-events.ts';
export { defaultAuditLimits } from './audit-record.ts';
export type { AuditLimits, AuditRecord, AuditRefusalCode } from './audit-record.ts';
export { auditHead, execveArguments, parseAudit } from './parse-audit.ts';
