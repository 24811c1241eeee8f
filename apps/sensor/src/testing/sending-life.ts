// A process that appends numbers to a spool and sends them, as fast as it can, until it is killed: `DIRECTORY ADDRESS KEY`.
import { createSystemSending } from './system-sending.ts';

const [directory = '', address = '', key = ''] = process.argv.slice(2);
const { spool, sender } = createSystemSending({
  directory,
  server: new URL(address),
  spoolKey: Buffer.from(key, 'hex'),
});
const { signal } = new AbortController();
process.stdout.write('runs\n');
for (let round = 0; ; round += 1) {
  const next = Number(spool.position('numbers') ?? 0);
  const count = 1 + (round % 5);
  const entries = Array.from({ length: count }, (_, at) => ({
    kind: 'process',
    line: JSON.stringify({ number: next + at }),
  }));
  spool.append(entries, { collector: 'numbers', value: String(next + count) });
  if (round % 3 === 0) await sender.step(signal);
}
