/**
 * How the machine of a run is kept, and whose word that is:
 *   "good"     its own sensor vouched for the run, is heard of, says that the disks are encrypted, and nothing speaks against it
 *   "weak"     something speaks against it, whoever says so
 *   "claimed"  it says so itself, and nobody else
 *   "unknown"  nobody says enough
 */
type Posture = 'good' | 'weak' | 'claimed' | 'unknown';

/** What speaks against a machine. */
export const weaknesses = [
  'root',
  'disk-clear',
  'firewall-off',
  'screen-open',
  'secure-boot-off',
  'sensor-silent',
  'sensor-doubted',
] as const;
export type Weakness = (typeof weaknesses)[number];

/** Of the machine of a run, as policies know it. */
export type MachineFacts = { readonly posture: Posture; readonly weaknesses: readonly Weakness[] };

/** Of which nobody knows anything. */
export const unknownMachine: MachineFacts = { posture: 'unknown', weaknesses: [] };

/** Where what is asked is about something else than the machine: replays of recorded suites. */
export const goodMachine: MachineFacts = { posture: 'good', weaknesses: [] };
