import type { FindingLevel } from './finding.ts';

/**
 * One character for each level, of another shape each, so that colour is never needed: in terminals, where the console
 * draws the same shapes. All of them stand in the oldest terminal fonts.
 */
export const levelMarks: Readonly<Record<FindingLevel, string>> = {
  informational: '○',
  low: '▼',
  medium: '◆',
  high: '▲',
  critical: '■',
};
