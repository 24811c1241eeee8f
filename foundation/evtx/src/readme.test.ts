import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

test('the code in README.md runs', async () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const [, code] = /```js\n(.*?)```/s.exec(readme) ?? [];
  assert(code !== undefined);
  const resolved = code.replace("'@sallyport/evtx'", JSON.stringify(import.meta.resolve('./index.ts')));
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(resolved)}`);
  assert(typeof module === 'object' && module !== null && 'items' in module && 'result' in module);
  assert.deepEqual(module.result, { kind: 'event', event: { Event: { System: { EventID: 1 } } } });
  assert.ok(Array.isArray(module.items) && module.items.length === 1);
});
