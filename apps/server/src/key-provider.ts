// The process of one provider of master keys, a child of the sealer: here are the native library, the network and the PIN
// or token, and nothing of the ledger. Started with the configuration file and the provider's kind.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { runProviderProcess } from '@sallyport/key-vault/provider-process';

const [file = '', kind] = process.argv.slice(2);

// Signals are for the server; this ends when its pipe closes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
runProviderProcess({
  stream: new Socket({ fd: 3, readable: true, writable: true }),
  kind,
  readConfig: () => readFileSync(file, 'utf8'),
  random: randomBytes,
  setEnvironment: (name, value) => {
    // oxlint-disable-next-line node/no-process-env -- vendors' libraries read their configuration from nowhere else
    process.env[name] = value;
  },
  // Not an ordinary exit, which waits for the library's threads; there is nothing to be kept.
  exit: () => process.kill(process.pid, 'SIGKILL'),
});
