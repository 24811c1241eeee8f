import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config.ts';

const surroundings = { workingDirectory: '/work', isTerminal: false };
const home = { HOME: '/home/someone' };

test('nothing needs to be set', () => {
  const config = readConfig(home, [], surroundings);
  assert.equal(config.dataDirectory, '/work/data');
  assert.deepEqual([config.host, config.port], ['127.0.0.1', 8470]);
  assert.deepEqual(config.unsealing, { kind: 'file', path: '/home/someone/.config/sallyport/-work-data.unseal' });
  assert.deepEqual(config.database, { kind: 'sqlite', file: '/work/data/control.db', reserveBytes: 4 * 1024 * 1024 });
});

test('a credential of the service manager takes the place of the key file', () => {
  const environment = { ...home, SALLYPORT_UNSEAL_CREDENTIAL: 'unseal', CREDENTIALS_DIRECTORY: '/run/credentials/x' };
  const { unsealing } = readConfig(environment, [], surroundings);
  assert.deepEqual(unsealing, { kind: 'credential', path: '/run/credentials/x/unseal' });
});

test('the file of key providers is found from the working directory', () => {
  assert.equal(readConfig(home, ['--key-provider', 'keys.json'], surroundings).keyProviderFile, '/work/keys.json');
  const environment = { ...home, SALLYPORT_KEY_PROVIDER: '/etc/keys.json' };
  assert.equal(readConfig(environment, [], surroundings).keyProviderFile, '/etc/keys.json');
  assert.equal(readConfig(home, [], surroundings).keyProviderFile, undefined);
});

test('flags go before the environment, and an empty variable counts as unset', () => {
  const environment = { ...home, SALLYPORT_PORT: '9000', SALLYPORT_HOST: '', SALLYPORT_NAMES: 'a.example,b.example' };
  const config = readConfig(environment, ['--port=1', '--name', 'c.example', '--after-restore'], surroundings);
  assert.deepEqual([config.host, config.port, config.afterRestore], ['127.0.0.1', 1, true]);
  assert.deepEqual(config.names, ['c.example', 'a.example', 'b.example']);
});

test('what cannot be used is refused with a code and the usage', () => {
  const attempts: [Record<string, string>, string[]][] = [
    [{}, ['--port', '70000']],
    [{}, ['--port', '-1']],
    [{}, ['--port']],
    [{}, ['--unknown', 'x']],
    [{}, ['stray']],
    [{ SALLYPORT_PASSPHRASE_FILE: 'relative' }, []],
    [{ SALLYPORT_UNSEAL_CREDENTIAL: 'unseal' }, []],
    [{ SALLYPORT_UNSEAL_CREDENTIAL: '../unseal', CREDENTIALS_DIRECTORY: '/run/credentials/x' }, []],
    [{ SALLYPORT_DISK_WATERMARK_MB: 'much' }, []],
    [{ SALLYPORT_WEBRTC_PORTS: '28470-' }, []],
    [{ SALLYPORT_WEBRTC_PORTS: '28569-28470' }, []],
    [{ SALLYPORT_WEBRTC_ADDRESS: 'sallyport.example' }, []],
  ];
  for (const [environment, flags] of attempts) {
    assert.throws(() => readConfig({ ...home, ...environment }, flags, surroundings), { code: 'config_invalid' });
  }
});
