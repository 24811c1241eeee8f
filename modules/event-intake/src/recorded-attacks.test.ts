import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inflateRawSync, zstdCompressSync } from 'node:zlib';
import { startHouse } from './intake-testing.ts';

const shared = join(import.meta.dirname, '../../../../shared/data');
const skip = existsSync(shared) ? false : `no recorded data in ${shared}`;

/** The entries of a small zip, by its central directory (APPNOTE 4.3.12); enough for the recorded sets. */
function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006'));
  const entries = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    const [packed, nameLength, extra, comment] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    entries.set(
      zip.toString('utf8', at + 46, at + 46 + nameLength),
      inflateRawSync(zip.subarray(start, start + packed)),
    );
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}

for (const name of [
  'psh_powershell_httplistener',
  'cmd_lsass_memory_dumpert_syscalls',
  'cmd_bitsadmin_download_psh_script',
]) {
  test(`the recorded attack ${name} goes in whole, every event classified or kept`, { skip }, async (t) => {
    const root = join(shared, 'security-datasets');
    const path = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith(`/${name}.zip`));
    assert.ok(path !== undefined);
    const [body] = unzip(readFileSync(join(root, path))).values();
    assert.ok(body !== undefined);
    const lines = body
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    const house = await startHouse(t);
    const answer = await house.send(zstdCompressSync(body), {
      query: '?source=otrf&sequence=0',
      headers: { 'content-encoding': 'zstd' },
    });
    assert.deepEqual([answer.status, answer.body['accepted'], answer.body['kept_raw']], [200, lines.length, 0]);
    const events = house.bodies();
    assert.deepEqual(
      events.map((event) => event['raw_data']),
      lines.map((line) => line.replace(/\r$/, '')),
    );
    assert.ok(events.filter((event) => event['class_uid'] !== 0).length > events.length / 2);
  });
}

test('CloudTrail files go in record by record', { skip }, async (t) => {
  const folder = join(shared, 'cloudtrail/CloudTrail');
  const house = await startHouse(t);
  let sequence = 0;
  for (const name of readdirSync(folder).slice(0, 20)) {
    const answer = await house.send(readFileSync(join(folder, name)), {
      query: `?source=cloudtrail&sequence=${sequence}`,
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([answer.status, answer.body['kept_raw']], [200, 0]);
    sequence += Number(answer.body['accepted']);
  }
  assert.ok(sequence > 20);
  assert.ok(house.bodies().every((event) => event['class_uid'] === 6003 || event['class_uid'] === 3002));
});
