import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../event.ts';
import { createMapper } from './mapper.ts';

const signIn = `
name: sign-in
version: 3
format: auth
sigma: { product: linux, service: [sshd, auth] }
when:
  program: sshd
  kind: [accepted, failed]
class: 3002
activity: 1
severity: { of: $kind, table: { failed: 3 }, otherwise: 1 }
time: $at
set:
  metadata.product.name: OpenSSH
  metadata.event_code: $kind
  user.name: $user
  user.uid: $uid
  src_endpoint.ip: [$peer.address, $address]
  src_endpoint.port: $port
  service.name: sshd
  auth_protocol: { join: [$method, " over ", $program] }
  status_id: { of: $kind, table: { accepted: 1, failed: 2 }, otherwise: 99 }
  is_remote: true
`;

const map = (text: string, record: JsonObject) => createMapper([{ name: 'a.yaml', text }]).map('auth', record);
const failed = {
  program: 'sshd',
  kind: 'failed',
  user: 'root',
  address: '10.0.0.1',
  port: '4711',
  method: 'password',
  at: 1_700_000_000,
};

test('a record becomes the attributes of its class, converted to the types of the schema', () => {
  const { mapping, ...mapped } = map(signIn, failed) ?? assert.fail();
  assert.equal(mapping.version, 3);
  assert.deepEqual(mapping.sigma, { product: 'linux', service: ['sshd', 'auth'] });
  assert.deepEqual(mapped, {
    classUid: 3002,
    activityId: 1,
    severityId: 3,
    timeMs: 1_700_000_000_000,
    metadata: { product: { name: 'OpenSSH' }, event_code: 'failed' },
    attributes: {
      user: { name: 'root' },
      src_endpoint: { ip: '10.0.0.1', port: 4711 },
      service: { name: 'sshd' },
      auth_protocol: 'password over sshd',
      status_id: 2,
      is_remote: true,
    },
  });
});

test('the first of several fields that has a value is taken, and a dotted name may be one field or steps', () => {
  assert.deepEqual(map(signIn, { ...failed, peer: { address: '::1' } })?.attributes['src_endpoint'], {
    ip: '::1',
    port: 4711,
  });
  assert.deepEqual(map(signIn, { ...failed, 'peer.address': '::2' })?.attributes['src_endpoint'], {
    ip: '::2',
    port: 4711,
  });
});

test('a value that does not fit is left out, and with it the object that is nothing without it', () => {
  const mapped = map(signIn, { ...failed, address: 'no address', port: 'ssh' });
  assert.equal(mapped?.attributes['src_endpoint'], undefined);
  // A port alone names nobody: the schema asks for one of the names of an endpoint.
  assert.equal(map(signIn, { ...failed, address: '' })?.attributes['src_endpoint'], undefined);
});

test('a record that lacks what its class requires is not mapped to it', () => {
  assert.equal(map(signIn, { ...failed, user: '-' }), undefined);
});

test('the mapping with more conditions goes first, whatever the order of the files', () => {
  const general = signIn.replace('name: sign-in', 'name: a-general').replace('  kind: [accepted, failed]\n', '');
  const files = [general, signIn].map((text, at) => ({ name: `${at}.yaml`, text }));
  for (const order of [files, files.toReversed()])
    assert.equal(createMapper(order).map('auth', failed)?.mapping.name, 'sign-in');
  assert.equal(createMapper(files).map('auth', { ...failed, kind: 'other' })?.mapping.name, 'a-general');
  assert.equal(createMapper(files).map('other', failed), undefined);
});

test('lists of objects come from each item of a field, and conditions can be turned around', () => {
  const hashes = `
name: hashes
version: 1
format: auth
when: { path: { exists: true }, kind: { not: { prefix: [x, y] } }, name: { suffix: .exe } }
class: 1001
activity: 1
set:
  metadata.product.name: test
  actor.app_name: test
  device.type_id: 0
  device.hostname: $host
  file.name: $name
  file.type_id: 1
  file.path: $path
  file.hashes: { each: $hashes, set: { value: $sum, algorithm_id: { of: $kind, table: { sha256: 3 }, otherwise: 99 } } }
`;
  const record = {
    host: 'h',
    path: '/a',
    name: 'a.exe',
    kind: 'file',
    hashes: [{ sum: 'ab', kind: 'sha256' }, { kind: 'md5' }, 'text', { sum: 'cd', kind: 'blake' }],
  };
  const { file } = map(hashes, record)?.attributes ?? assert.fail();
  assert.deepEqual(file, {
    name: 'a.exe',
    type_id: 1,
    path: '/a',
    hashes: [
      { value: 'ab', algorithm_id: 3 },
      { value: 'cd', algorithm_id: 99 },
    ],
  });
  assert.equal(map(hashes, { ...record, kind: 'xfile' }), undefined);
  assert.equal(map(hashes, { ...record, path: null }), undefined);
});

test('a mapping that sets what the schema does not have is refused with the place of the fault', () => {
  for (const [change, place, message] of [
    [['user.name:', 'user.nam:'], 'set.user.nam', /"user" has no attribute "nam"/],
    [['class: 3002', 'class: 3099'], 'class', /OCSF 1.8.0 has none/],
    [['is_remote: true', 'is_remote: perhaps'], 'set.is_remote', /must be of the type boolean/],
    [['activity: 1', 'activity: 42'], 'activity', /must be one of/],
    [['  is_remote: true', '  time: $at'], 'set.time', /it follows from the rest/],
    [['version: 3', 'version: three'], 'version', /whole number/],
    [['name: sign-in', 'name: Sign In'], 'name', /lower-case/],
    [['program: sshd', 'program: { like: sshd }'], 'when.program', /exists, prefix, suffix or not/],
    [['service.name: sshd', 'service: sshd'], 'set.service', /as a whole/],
    [['severity:', 'severitty:'], 'severitty', /must be one of/],
    [['program: sshd', 'program: [sshd'], 'file', /Cannot read the YAML/],
  ] as const) {
    const text = signIn.replace(change[0], change[1]);
    assert.notEqual(text, signIn);
    const { refused, mappings } = createMapper([{ name: 'a.yaml', text }]);
    assert.deepEqual(mappings, []);
    assert.equal(refused[0]?.place, place);
    assert.match(refused[0].message, message);
  }
});

test('a name is used once, and aliases cannot unfold', () => {
  const twice = createMapper([
    { name: 'a', text: signIn },
    { name: 'b', text: signIn },
  ]);
  assert.match(twice.refused[0]?.message ?? '', /twice/);
  const bomb = `name: &a x\nversion: *a\n`;
  assert.match(createMapper([{ name: 'a', text: bomb }]).refused[0]?.message ?? '', /aliases/);
});

test('whatever a record holds, mapping neither throws nor touches a prototype', () => {
  const mapper = createMapper([{ name: 'a.yaml', text: signIn }]);
  const value = fc.jsonValue({ maxDepth: 4 }).map((json) => {
    const plain: JsonValue = JSON.parse(JSON.stringify(json));
    return plain;
  });
  const names = fc.constantFrom('user', 'uid', 'peer', 'address', 'port', 'method', 'at', '__proto__', 'constructor');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, value)), (entries) => {
      const record: JsonObject = { ...failed, ...Object.fromEntries(entries) };
      const mapped = mapper.map('auth', record);
      assert.equal(Object.getPrototypeOf(mapped?.attributes ?? {}), Object.prototype);
    }),
  );
});

test('whatever a file holds, reading it gives mappings or refusals', () => {
  const lines = signIn.split('\n');
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.string({ maxLength: 30 }), (at, noise) => {
      const { mappings, refused } = createMapper([{ name: 'a', text: lines.with(at, noise).join('\n') }]);
      assert.ok(mappings.length + refused.length <= 2);
    }),
  );
});
