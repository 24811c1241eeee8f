import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createServerDouble } from '../testing/server-double.ts';
import { createSystemSending } from '../testing/system-sending.ts';

const root = mkdtempSync(join(tmpdir(), 'sensor-kill-'));
after(() => rmSync(root, { recursive: true }));

/** Where in the life of a request the process is killed. */
const place = fc.record({
  request: fc.integer({ min: 1, max: 25 }),
  when: fc.constantFrom('before it is recorded', 'after it is recorded', 'with its answer', 'while it goes on'),
});

test('killed at any place of any request, it sends every number once and in order', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(place, { minLength: 2, maxLength: 4 }), async (places) => {
      const directory = mkdtempSync(join(root, 'd'));
      const key = randomBytes(32);
      const double = createServerDouble();
      let onRequest: (record: () => Promise<void>, answer: () => void) => Promise<void> = async (record, answer) => {
        await record();
        answer();
      };
      const server = createServer((incoming, outgoing) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          let body = '';
          const record = async (): Promise<void> => {
            const encoding = incoming.headers['content-encoding'];
            ({ body } = await double.ask({
              method: 'POST',
              path: incoming.url ?? '',
              headers: encoding === undefined ? {} : { 'content-encoding': encoding },
              body: Buffer.concat(chunks),
              signal: new AbortController().signal,
            }));
          };
          void onRequest(record, () => void outgoing.end(body));
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const bound = server.address();
      assert.ok(bound !== null && typeof bound === 'object');
      const address = `http://127.0.0.1:${bound.port}`;
      try {
        for (const { request, when } of places) {
          const child = spawn(
            process.execPath,
            [join(import.meta.dirname, '../testing/sending-life.ts'), directory, address, key.toString('hex')],
            { stdio: ['ignore', 'pipe', 'inherit'] },
          );
          const ended = once(child, 'exit');
          const kill = (): void => void child.kill('SIGKILL');
          let requests = 0;
          onRequest = async (record, answer) => {
            requests += 1;
            if (requests < request || when === 'after it is recorded' || when === 'with its answer') await record();
            if (requests >= request && when !== 'while it goes on') kill();
            if (requests >= request && when === 'while it goes on') {
              await record();
              setImmediate(kill);
            }
            if (requests < request || when === 'with its answer' || when === 'while it goes on') answer();
          };
          const [, signal] = await ended;
          assert.equal(signal, 'SIGKILL');
        }
        onRequest = async (record, answer) => {
          await record();
          answer();
        };
        const { spool, sender, transport } = createSystemSending({
          directory,
          server: new URL(address),
          spoolKey: key,
        });
        while ((await sender.step(new AbortController().signal)) === 0);
        const total = Number(spool.position('numbers') ?? 0);
        assert.equal(spool.status().waiting, 0);
        assert.ok(total > 0);
        assert.deepEqual(
          double.lines().map((line) => JSON.parse(line).number),
          Array.from({ length: total }, (_, at) => at),
        );
        spool.close();
        transport.close();
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }),
    { numRuns: 8 },
  );
});
