import type { KnownRule } from './exception.ts';

export const files = {
  'certutil.yml': `title: Certutil
id: r-certutil
name: certutil
logsource: {product: windows}
detection:
  selection: {Image|endswith: '\\certutil.exe'}
  condition: selection
level: high
`,
  'mshta.yml': `title: Mshta
id: r-mshta
logsource: {product: windows}
detection:
  selection: {Image|endswith: '\\mshta.exe'}
  condition: selection
level: critical
`,
  'many.yml': `title: Many downloads
id: c-many
correlation:
  type: event_count
  rules: [certutil]
  group-by: [User]
  timespan: 1h
  condition: {gte: 3}
  generate: true
level: high
`,
  'audit.yml': `title: Audit gap
id: r-audit
logsource: {product: sallyport, service: audit}
detection:
  selection: {metadata.event_code: audit.gap}
  condition: selection
level: high
`,
} as const;

/** Rules that watch exceptions, for the tests that are about them. */
export const watchFiles = {
  'watch.yml': `title: Exceptions
id: r-watch
name: watch
logsource: {product: sallyport, service: audit}
detection:
  selection: {metadata.event_code: exception.create}
  condition: selection
level: high
`,
  'watches.yml': `title: Many exceptions
id: c-watch
correlation:
  type: event_count
  rules: [watch]
  group-by: [actor.user.uid]
  timespan: 1h
  condition: {gte: 2}
  generate: true
level: high
`,
} as const;

/** What detection says of these rules, for what asks nothing else of it. */
export const known: readonly KnownRule[] = [
  { id: 'r-certutil', title: 'Certutil', level: 'high', file: 'certutil.yml' },
  { id: 'r-audit', title: 'Audit gap', level: 'high', file: 'audit.yml', isAboutUs: true },
  { id: 'r-watch', title: 'Exceptions', level: 'high', file: 'watch.yml', isAboutUs: true, isAboutExceptions: true },
  ...Array.from({ length: 12 }, (_, at) => ({
    id: `c-${at}`,
    title: 'Chain',
    level: 'high' as const,
    file: 'chain.yml',
    correlation: { ruleIds: [at === 0 ? 'r-audit' : `c-${at - 1}`] },
  })),
  { id: 'r-part', title: 'Part', level: 'low', file: 'part.yml' },
  { id: 'c-mixed', title: 'Mixed', level: 'high', file: 'part.yml', correlation: { ruleIds: ['r-part', 'r-audit'] } },
  { id: 'c-watch', title: 'Watch', level: 'high', file: 'watch.yml', correlation: { ruleIds: ['r-watch'] } },
];
