import type { IntakeLimits } from './limits.ts';
import type { Reading } from './normalise-protocol.ts';
import type { EventSplitter } from './split-lines.ts';

/** How a body is cut into events, and how these are read. */
export type WireFormat = {
  readonly createSplitter: (limits: IntakeLimits) => EventSplitter;
  readonly reading: Reading;
};

/** Formats a sender may declare for a body; the content type alone says it where there is one for it. */
export const declaredFormats = [
  'json',
  'auto',
  'lines',
  'syslog',
  'cef',
  'leef',
  'auditd',
  'web_access',
  'windows_event_xml',
  'evtx',
  'journal_export',
  'zeek',
  'text',
] as const;

export type DeclaredFormat = (typeof declaredFormats)[number];
