import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { createDaemonWatch } from './daemon-watch.ts';

const hosts: { end(): void }[] = [];
after(() => hosts.forEach((host) => host.end()));

test('a daemon that ran and is gone is told; one that never ran here is not, and one that is back is forgiven', () => {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(0);
  const watch = createDaemonWatch(host.files, clock, ['rsyslogd', 'syslog-ng']);
  const look = (): string | undefined => {
    clock.advance(10_000);
    return watch.gone();
  };
  host.process({ id: 5, name: 'rsyslogd-not' });
  assert.equal(look(), undefined);
  host.process({ id: 6, name: 'syslog-ng' });
  assert.equal(look(), undefined);
  host.endProcess(6);
  assert.equal(watch.gone(), undefined);
  assert.equal(look(), 'syslog-ng');
  host.process({ id: 7, name: 'rsyslogd' });
  assert.equal(look(), undefined);
});

test('what only begins like the daemon, or runs in a container, is not the daemon of this host when it ends', () => {
  const host = createTemporaryHost();
  hosts.push(host);
  const clock = createManualClock(0);
  const watch = createDaemonWatch(host.files, clock, ['systemd-journald']);
  const look = (): string | undefined => {
    clock.advance(10_000);
    return watch.gone();
  };
  host.process({ id: 5, name: 'systemd-journal', arguments: ['/lib/systemd/systemd-journal-upload', '-u', 'x'] });
  host.process({
    id: 6,
    name: 'systemd-journal',
    arguments: ['/lib/systemd/systemd-journald'],
    namespaceIds: [6, 31],
  });
  assert.equal(look(), undefined);
  host.endProcess(5);
  host.endProcess(6);
  assert.equal(look(), undefined);
  host.process({ id: 7, name: 'systemd-journal', arguments: ['/lib/systemd/systemd-journald'] });
  assert.equal(look(), undefined);
  host.endProcess(7);
  assert.equal(look(), 'systemd-journald');
});
