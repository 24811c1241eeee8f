import type { Framework } from './framework.ts';
import type { Arrival, CoverageRule } from './needs.ts';

/** Two tactics, a technique in both, sub-techniques, one withdrawn with and one without a successor. */
export const framework: Framework = {
  id: 'attack',
  name: 'Little',
  version: '1.0',
  origin: 'made up for tests',
  licence: 'none',
  tactics: [
    { id: 'TA0001', shortName: 'entry', name: 'Entry' },
    { id: 'TA0005', shortName: 'stealth', name: 'Stealth' },
    { id: 'TA0009', shortName: 'taking', name: 'Taking' },
  ],
  techniques: [
    { id: 'T1001', name: 'Doors', tactics: ['entry', 'stealth'], isWithdrawn: false },
    { id: 'T1001.001', name: 'Front doors', tactics: ['entry', 'stealth'], isWithdrawn: false },
    { id: 'T1001.002', name: 'Back doors', tactics: ['entry', 'stealth'], isWithdrawn: false },
    { id: 'T1002', name: 'Windows', tactics: ['entry'], isWithdrawn: false },
    { id: 'T1003', name: 'Gates', tactics: [], isWithdrawn: true, successor: 'T1004' },
    { id: 'T1004', name: 'Locks', tactics: [], isWithdrawn: true, successor: 'T1001.001' },
    { id: 'T1005', name: 'Wells', tactics: [], isWithdrawn: true },
    { id: 'T1006', name: 'Bags', tactics: ['taking'], isWithdrawn: false },
  ],
};

export const tactics = { attack: new Set(['entry', 'stealth', 'taking']), atlas: new Set<string>() };
export const nowMs = Date.UTC(2026, 10, 22);
export const dayMs = 86_400_000;

export function rule(id: string, tags: readonly string[], more: Partial<CoverageRule> = {}): CoverageRule {
  const logSource = { product: 'windows', category: 'process_creation' };
  return { id, title: id, level: 'high', tags, file: `${id}.yml`, generates: true, logSource, ...more };
}

export function arrival(source: Arrival['source'], daysAgo = 0): Arrival {
  const lastSeenMs = nowMs - daysAgo * dayMs;
  return { source, firstSeenMs: lastSeenMs, lastSeenMs, days: new Map([[Math.floor(lastSeenMs / dayMs), 3]]) };
}
