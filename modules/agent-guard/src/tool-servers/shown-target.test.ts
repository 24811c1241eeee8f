import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shownTarget } from './shown-target.ts';

test('what opens a server is left out of what is shown of it', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['npx -y docs-server --root /srv', 'npx -y docs-server --root /srv'],
    ['https://mcp.example/v1?tenant=a', 'https://mcp.example/v1?tenant=a'],
    ['npx server --api-key sk-123 --port 1', 'npx server --api-key … --port 1'],
    ['npx server --token=abc', 'npx server --token=…'],
    ['env GITHUB_TOKEN=ghp_1 npx server', 'env GITHUB_TOKEN=… npx server'],
    ['https://kim:secret@mcp.example/', 'https://…@mcp.example/'],
    ['https://mcp.example/?a=1&access_token=xyz&b=2', 'https://mcp.example/?a=1&access_token=…&b=2'],
    ['curl -H Authorization: Bearer abc', 'curl -H Authorization: Bearer …'],
    [`npx docs-server sha256:${'ab'.repeat(32)}`, 'npx docs-server (sha256:abababababab…)'],
    [`npx server --token=… sha256:${'ab'.repeat(32)}`, 'npx server --token=… (sha256:abababababab…)'],
    [`keyserver sha256:${'ab'.repeat(32)}`, 'keyserver (sha256:abababababab…)'],
    ['keyserver sha256:short', 'keyserver …'],
  ];
  for (const [target, shown] of rows) assert.equal(shownTarget(target), shown);
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => typeof shownTarget(text) === 'string'));
  for (const evil of ['key', '--key ', '?key', 'a://', 'bearer '])
    assert.ok(shownTarget(evil.repeat(4096 / evil.length)).length <= 4096 * 2);
});
