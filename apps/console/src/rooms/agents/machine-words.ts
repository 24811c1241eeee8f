import type { Run } from './agents-query.ts';

type Machine = Run['machine'];
type Told = NonNullable<NonNullable<Machine['said']>['firewall']>;

const weaknessWords: Readonly<Record<Machine['weaknesses'][number], string>> = {
  root: 'the agent has all rights there',
  'disk-clear': 'its disks are not all encrypted',
  'firewall-off': 'its firewall is off',
  'screen-open': 'its screen does not lock',
  'secure-boot-off': 'it starts whatever is on its disk',
  'sensor-silent': 'its sensor is not heard of any more',
  'sensor-doubted': 'somebody spoke in the name of its sensor',
};

/** How the machine of a run is kept, in one word and why. */
export function machineState({ posture, weaknesses, sensor }: Machine): {
  readonly word: string;
  readonly tone: 'good' | 'quiet' | 'bad';
  readonly why: string;
} {
  switch (posture) {
    case 'good':
      return { word: 'Good', tone: 'good', why: 'its own sensor vouches for it, and nothing speaks against it' };
    case 'weak':
      return { word: 'Weak', tone: 'bad', why: weaknesses.map((one) => weaknessWords[one]).join('; ') };
    case 'claimed':
      return { word: 'Claimed', tone: 'quiet', why: 'it says so itself, and no sensor vouches for it' };
    case 'unknown':
      return {
        word: 'Unknown',
        tone: 'quiet',
        why: sensor === undefined ? 'no sensor vouches for it' : 'its sensor does not say enough',
      };
  }
}

/** One thing about a machine, and who says it. */
type MachineLine = { readonly name: string; readonly value: string; readonly from: string };

const toldWords: Readonly<Record<Told, string>> = { yes: 'yes', no: 'no', unknown: 'not known' };

/** What is known of a machine, its sensor first: what both say, it says. */
export function machineLines({ said = {}, sensor }: Machine): MachineLine[] {
  const bySensor = `says its sensor${sensor?.host === undefined ? '' : ` on ${sensor.host}`}`;
  const byItself = 'says the machine itself';
  const line = (name: string, sensed: Told | undefined, claimed: Told | undefined): MachineLine => {
    if (sensed !== undefined && sensed !== 'unknown') return { name, value: toldWords[sensed], from: bySensor };
    if (claimed !== undefined && claimed !== 'unknown') return { name, value: toldWords[claimed], from: byItself };
    return { name, value: toldWords.unknown, from: '' };
  };
  const system = sensor?.system ?? said.system;
  return [
    ...(system === undefined || system === ''
      ? []
      : [{ name: 'System', value: system, from: sensor?.system === undefined ? byItself : bySensor }]),
    line('Disks encrypted', sensor?.disk_encrypted, said.disk_encrypted),
    line('Firewall', sensor?.firewall, said.firewall),
    line('Secure boot', sensor?.secure_boot, said.secure_boot),
    line('Screen locks', undefined, said.screen_lock),
    ...(said.root === true ? [{ name: 'All rights (root)', value: 'yes', from: byItself }] : []),
    ...(said.container === true ? [{ name: 'In a container', value: 'yes', from: byItself }] : []),
  ];
}
