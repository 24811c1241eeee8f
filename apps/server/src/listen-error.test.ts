import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import { explainListenError } from './listen-error.ts';

test('a port in use is told in words, with another one to choose and how to see who has it', async () => {
  const [first, second] = [createServer(), createServer()];
  first.listen(0, '127.0.0.1');
  await once(first, 'listening');
  const address = first.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  second.listen(port, '127.0.0.1');
  const error = await new Promise<unknown>((resolve) => void second.once('error', resolve));
  first.close();
  const told = explainListenError(error, { host: '127.0.0.1', port });
  assert.ok(told instanceof CodedError);
  assert.equal(told.code, 'address_in_use');
  assert.equal(told.message, `Cannot listen on 127.0.0.1:${port}: another program does already`);
  assert.match(told.hint ?? '', /npm start -- --port \d+\nhint: who it is: ss -ltnp/);
});

test('what did not come from listening is handed on as it is', () => {
  const others = [new Error('x'), undefined, Object.assign(new Error('x'), { code: 'EACCES', syscall: 'open' })];
  for (const other of others) assert.equal(explainListenError(other, { host: 'x', port: 1 }), other);
});
