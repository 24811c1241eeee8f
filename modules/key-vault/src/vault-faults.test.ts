import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import type { KeyVault } from './key-vault.ts';
import { diskFaults, failingFiles, openAt, placeAt, writeVersionOne } from './vault-testing.ts';
import type { MemoryDisk } from './vault-testing.ts';

const who = { by: 'test', reason: 'test' };
const at = placeAt('/disk');
const codes: ReadonlySet<string | undefined> = new Set([...diskFaults, 'vault_closed']);

/** What was acknowledged: a key or secret the vault handed out, to be found again whatever happens next. */
type Acknowledged = {
  readonly keys: Map<string, string>;
  /** The last value acknowledged, then those that were tried since. */
  readonly secrets: Map<string, readonly string[]>;
  readonly erased: Set<string>;
};
type Step = (vault: KeyVault, known: Acknowledged) => Promise<void> | void;

function makeKey(label: string): Step {
  return (vault, known) => {
    const { id, bytes } = vault.ensureKey('block-data', label);
    known.keys.set(id, bytes.toString('hex'));
  };
}
function seal(name: string, text: string): (vault: KeyVault, known: Acknowledged) => void {
  return (vault, known) => {
    known.secrets.set(name, [...(known.secrets.get(name) ?? ['none']), text]);
    vault.sealSecret(name, Buffer.from(text));
    known.secrets.set(name, [text]);
  };
}
const rotateEpoch: Step = (vault) => vault.rotate({ level: 'epoch', providers: ['sealed-file'] }, who);

function requireAll(vault: KeyVault, known: Acknowledged): void {
  for (const [id, bytes] of known.keys) {
    if (known.erased.has(id)) continue;
    assert.equal(vault.findKey(id)?.bytes.toString('hex'), bytes);
  }
  for (const [name, texts] of known.secrets) assert.ok(texts.includes(vault.openSecret(name)?.toString() ?? 'none'));
}

const nothing = (): Acknowledged => ({ keys: new Map(), secrets: new Map(), erased: new Set() });

/** Runs the steps once for every point at which the disk can fail, and every way it can. Answers how many there were. */
async function failEverywhere(
  steps: readonly Step[],
  start: { readonly disk: MemoryDisk; readonly known: Acknowledged } = { disk: new Map(), known: nothing() },
): Promise<number> {
  let points = 0;
  for (const fault of diskFaults) {
    // A process that ends is tried at every step. The others leave nothing else on the disk: at every third, of five a write.
    for (let failAt = 1; ; failAt += fault === 'KILLED' ? 1 : 3) {
      const disk: MemoryDisk = new Map(start.disk);
      const { keys, secrets, erased } = start.known;
      const known = { keys: new Map(keys), secrets: new Map(secrets), erased: new Set(erased) };
      const files = failingFiles(disk, failAt, fault);
      const failed = await run(steps, known, files);
      if (!files.isHit()) break;
      points += 1;
      // There is room again: the same process goes on.
      if (fault === 'ENOSPC' && failed !== undefined) await run(steps.slice(failed.step), known, files, failed.vault);
      const whole = failingFiles(disk);
      const again = await openAt(at, { files: whole });
      requireAll(again, known);
      const [one, two] = at.directories.map((directory) => whole.read(join(directory, 'epochs.vault')));
      assert.deepEqual(one, two, 'both copies are whole again');
      await again.check();
      // Whatever was under way can be done again.
      if (failAt % 3 !== 1) continue;
      for (const step of steps) await step(again, known);
      requireAll(await openAt(at, { files: whole }), known);
    }
  }
  return points;
}

async function run(
  steps: readonly Step[],
  known: Acknowledged,
  files: ReturnType<typeof failingFiles>,
  open?: KeyVault,
): Promise<{ step: number; vault: KeyVault | undefined } | undefined> {
  let vault = open;
  for (const [order, step] of steps.entries()) {
    try {
      vault ??= await openAt(at, { files });
      await step(vault, known);
    } catch (error) {
      assert.ok(codes.has(codeOf(error)), String(error));
      // After a write of its own failed, the vault says so until it is opened again: nothing is half acknowledged.
      if (codeOf(error) === 'EIO' && vault !== undefined) tryLater(vault, known);
      return { step: order, vault };
    }
  }
  return undefined;
}

function tryLater(vault: KeyVault, known: Acknowledged): void {
  try {
    seal('later', 'later')(vault, known);
  } catch (error) {
    known.secrets.delete('later');
    assert.equal(codeOf(error), 'vault_closed');
  }
}

test('a first start and new keys lose nothing acknowledged, wherever the disk fails', async () => {
  const points = await failEverywhere([makeKey('day/1'), seal('tls', 'one'), makeKey('day/2'), seal('tls', 'two')]);
  assert.ok(points > 80, String(points));
});

test('rotations lose nothing acknowledged, wherever the disk fails', async () => {
  const points = await failEverywhere(
    [
      (vault) => vault.rotate({ level: 'purpose', purpose: 'block-data' }, who),
      makeKey('day/4'),
      rotateEpoch,
      makeKey('day/5'),
      (vault) => vault.rotate({ level: 'data', purpose: 'block-data', label: 'day/5' }, who),
    ],
    await preparedVault(),
  );
  assert.ok(points > 80, String(points));
});

test('destroying keys loses none that was to survive, wherever the disk fails', async () => {
  const points = await failEverywhere(
    [
      async (vault, known) => {
        const gone = vault.listKeys().find((key) => key.label === 'day/1' && key.state !== 'destroyed');
        if (gone === undefined) return;
        known.erased.add(gone.id);
        await vault.rotate({ level: 'epoch', providers: ['sealed-file'], without: new Set([gone.id]) }, who);
      },
      async (vault, known) => {
        await vault.destroyCondemned({ ...who, exportHash: await vault.check(), record: '1/1', fence: 'none' });
        for (const id of known.erased) assert.equal(vault.findKey(id), undefined);
      },
    ],
    await preparedVault(),
  );
  assert.ok(points > 60, String(points));
});

test('taking over a vault of version 1 loses no key, wherever the disk fails', async () => {
  const disk: MemoryDisk = new Map();
  const keys = ['log-signing', 'block-data', 'stream-name'].map((purpose, order) => ({
    id: `${order}`.repeat(32),
    purpose,
    label: 'day/1',
    bytes: randomBytes(order === 0 ? 48 : 32),
  }));
  const secret = { id: 'a'.repeat(32), purpose: 'secret', label: 'tls', bytes: Buffer.from('one') };
  writeVersionOne(at, failingFiles(disk), [...keys, secret]);
  const known = {
    keys: new Map(keys.map(({ id, bytes }) => [id, bytes.toString('hex')])),
    secrets: new Map([['tls', ['one']]]),
    erased: new Set<string>(),
  };
  const points = await failEverywhere([makeKey('day/2'), seal('tls', 'two')], { disk, known });
  assert.ok(points > 80, String(points));
});

test('a write that failed for another reason than want of room is told, and no other is tried', async () => {
  const [disk, told]: [MemoryDisk, unknown[]] = [new Map(), []];
  (await openAt(at, { files: failingFiles(disk) })).ensureKey('block-data', 'day/1');
  for (const [fault, count] of [
    ['ENOSPC', 0],
    ['EIO', 1],
  ] as const) {
    const vault = await openAt(at, { files: failingFiles(disk, 6, fault), broken: (error) => told.push(error) });
    assert.throws(() => vault.ensureKey('block-data', 'day/2'), { code: fault });
    assert.equal(told.length, count);
    const again = (): unknown => vault.ensureKey('block-data', 'day/2');
    if (fault === 'EIO') assert.throws(again, { code: 'vault_closed' });
  }
});

async function preparedVault(): Promise<{ disk: MemoryDisk; known: Acknowledged }> {
  const [disk, known]: [MemoryDisk, Acknowledged] = [new Map(), nothing()];
  const vault = await openAt(at, { files: failingFiles(disk) });
  for (const step of [makeKey('day/1'), makeKey('day/2'), makeKey('day/3'), seal('tls', 'one')])
    await step(vault, known);
  return { disk, known };
}
