import type { Request } from '../../api/call.ts';

export type PreviewFormat = NonNullable<NonNullable<Request<'POST /v1/events/preview'>['query']>['format']>;

/** What pasted text can be said to be. */
export const previewFormats: readonly { readonly value: PreviewFormat; readonly label: string }[] = [
  { value: 'auto', label: 'Whatever it looks like' },
  { value: 'syslog', label: 'Syslog' },
  { value: 'cef', label: 'CEF' },
  { value: 'leef', label: 'LEEF' },
  { value: 'auditd', label: 'Linux audit log' },
  { value: 'web_access', label: 'Web access log' },
  { value: 'windows_event_xml', label: 'Windows event XML' },
  { value: 'zeek', label: 'Zeek' },
  { value: 'journal_export', label: 'Journal export' },
  { value: 'text', label: 'Plain text' },
];
