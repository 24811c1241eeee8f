import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@sallyport/testing/free-port';
import { heldSocket, readToEnd } from '@sallyport/testing/held-socket';
import { textIn } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';

const execute = promisify(execFile);

const line = (index: number, said: string): string => `<38>Oct 11 22:14:${10 + index} web-1 sshd[${index}]: ${said}\n`;
const skip = existsSync('/usr/bin/curl') ? false : 'no curl';

export function syslogStory(house: () => Promise<House>): void {
  describe('attacks over syslog', () => {
    test('failed sign-ins over syslog and the event collector become alerts, end to end', { skip }, async () => {
      const { access, ada: admin } = await house();
      const port = await freePort();
      const change = (body: object) => access.call('PUT', '/v1/settings/listeners', { caller: admin, body });

      const off = await access.call('GET', '/v1/settings/listeners', { caller: admin });
      assert.deepEqual([off.status, textIn(off.body, 'zone')], [200, '+00:00']);
      assert.equal((await change({ tcp_port: port, allowed_networks: [] })).code, 'listener_settings_invalid');
      assert.equal((await change({ tls_port: port, allowed_networks: ['::1'] })).code, 'listener_certificate_missing');
      const opened = await change({
        host: '127.0.0.1',
        tcp_port: port,
        udp_port: port,
        allowed_networks: ['127.0.0.0/8'],
      });
      assert.equal(opened.status, 200, JSON.stringify(opened.body));

      using socket = heldSocket(connect({ host: '127.0.0.1', port }));
      for (let index = 0; index < 6; index += 1)
        socket.write(line(index, `Failed password for root from 203.0.113.7 port 4022 ssh2`));
      socket.end(line(9, 'Accepted password for root from 203.0.113.7 port 4022 ssh2'));
      await readToEnd(socket);

      const made = await access.call('POST', '/v1/keys', {
        caller: admin,
        body: { name: 'hec', scopes: ['events:write'] },
      });
      const event = JSON.stringify({
        event: line(1, 'Failed password for invalid user eve from 203.0.113.9 port 4022 ssh2').trim(),
        sourcetype: 'linux_secure',
      });
      // Not in step with this process, which has to answer.
      const hec = async (key: string, body: string): Promise<string> => {
        const header = `Authorization: Splunk ${key}`;
        const run = await execute('/usr/bin/curl', [
          '-sS',
          '-m',
          '60',
          `${access.server.address}/services/collector`,
          '-H',
          header,
          '-d',
          body,
        ]);
        return run.stdout;
      };
      assert.equal(await hec(textIn(made.body, 'key'), event.repeat(5)), '{"text":"Success","code":0}');
      assert.equal(await hec('sp_nobody', event), '{"text":"Invalid token","code":4}');

      const wanted = ['Repeated Failed SSH Sign-Ins From One Address', 'SSH Sign-In After Failures From One Address'];
      let seen = '';
      for (let times = 0; times < 1200; times += 1) {
        const alerts = await access.call('GET', '/v1/alerts', { caller: admin });
        seen = JSON.stringify(alerts.body);
        if (wanted.every((title) => seen.includes(title))) break;
        await sleep(100);
      }
      for (const title of wanted) assert.ok(seen.includes(title), `no alert "${title}" in ${seen.slice(0, 2000)}`);
      const state = await access.call('GET', '/v1/settings/listeners', { caller: admin });
      assert.match(JSON.stringify(state.body), /"accepted":7,"dropped":0,"over_rate":0,"refused":0/);
      const closed = await change({ allowed_networks: [] });
      assert.equal(closed.status, 200);
      using after = heldSocket(connect({ host: '127.0.0.1', port }));
      await assert.rejects(once(after, 'connect'), { code: 'ECONNREFUSED' });
    });
  });
}
