/** One line of the Linux audit log. */
export type AuditRecord = {
  /** `SYSCALL`, `EXECVE`, `USER_AUTH` …; `UNKNOWN[1334]` as auditd writes it for kernels newer than itself. */
  readonly type: string;
  /** The host that `node=` names, or undefined. */
  readonly node: string | undefined;
  readonly unixMs: number;
  /** Of the event this record belongs to, unique with time and node. */
  readonly serial: number;
  /** Quotes taken off and hexadecimal texts decoded. The fields inside `msg='…'` are in `message`. */
  readonly fields: ReadonlyMap<string, string>;
  readonly message: ReadonlyMap<string, string>;
  /** What auditd added in an enriched log, in capitals: `UID="root"`. */
  readonly interpreted: ReadonlyMap<string, string>;
  /** Words without `=`, as in `avc:  denied  { read } for`. */
  readonly words: string;
};

export type AuditRefusalCode = 'audit_too_long' | 'audit_header' | 'audit_too_many_fields';
export type AuditLimits = { readonly maxCharacters: number; readonly maxFields: number };
export const defaultAuditLimits: AuditLimits = { maxCharacters: 1 << 18, maxFields: 2048 };
