// Certificates for tests, made by the `openssl` command: ours must also be understood by others, and expired ones cannot be asked for.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TestCertificate = { readonly cert: string; readonly key: string };

export type TestAuthority = {
  readonly certificatePem: string;
  /** A certificate for P-256 that ends in `days`; below 0 it has ended. `dnsName` is left out of the names when undefined. */
  issue(wanted: {
    readonly commonName: string;
    readonly dnsName?: string;
    readonly use?: 'clientAuth' | 'serverAuth';
    readonly days?: number;
  }): TestCertificate;
};

/** An authority nobody knows yet, in a directory that is gone when this returns. */
export function createTestAuthority(name = 'Test authority'): TestAuthority {
  const key = openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout']);
  const certificatePem = inDirectory({ key }, (path) =>
    openssl(words`req -x509 -key ${path('key')} -days 30 -subj ${`/CN=${name}`} -addext keyUsage=critical,keyCertSign`),
  );
  return {
    certificatePem,
    issue({ commonName, dnsName, use = 'clientAuth', days = 30 }) {
      const own = openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout']);
      const names = dnsName === undefined ? '' : `subjectAltName=DNS:${dnsName}\n`;
      const extensions = `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=${use}\n${names}`;
      const cert = inDirectory({ key, own, extensions, authority: certificatePem }, (path) => {
        const request = openssl(['req', '-new', '-key', path('own'), '-subj', `/CN=${commonName}`]);
        return openssl(
          words`x509 -req -CA ${path('authority')} -CAkey ${path('key')} -CAcreateserial -days ${String(days)} -extfile ${path('extensions')}`,
          request,
        );
      });
      return { cert, key: own };
    },
  };
}

function inDirectory<Result>(
  files: Readonly<Record<string, string>>,
  run: (path: (name: string) => string) => Result,
): Result {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-authority-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 });
    return run((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A command line cut at its spaces; what is put in stays whole. */
function words(texts: TemplateStringsArray, ...values: readonly string[]): string[] {
  return texts.flatMap((text, index) => [...text.trim().split(' '), ...values.slice(index, index + 1)]).filter(Boolean);
}

function openssl(args: readonly string[], input?: string): string {
  const run = spawnSync('openssl', args, { encoding: 'utf8', ...(input !== undefined && { input }) });
  if (run.status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}
