// Real harnesses, where their programs are at hand: tests never fetch them (tools/fetch-harnesses.ts does, and before tests tools/test-tools.ts).
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const cache = resolve(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'harnesses');

export type HarnessProgram = {
  /** The package of npm whose tarball holds it, for this kind of machine. */
  readonly package: string;
  readonly version: string;
  /** Of the tarball, as npm writes it. */
  readonly integrity: string;
  /** What starts it, inside the tarball. */
  readonly inside: string;
};

export const harnessNames = ['claude', 'codex', 'gemini'] as const;
type Name = (typeof harnessNames)[number];

const machine = `${process.platform}-${process.arch}`;
const claudeVersion = '2.1.330';
const codexVersion = '0.169.0';
const geminiVersion = '0.61.0';
const claudeIntegrities: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-9Gn+V7DtJ8M1nztP9CeDVl9g3RtrepI7rOFTyPRRnZe8D6zebIHKmC7OvBauucuAP0X0k85SDN/LPVZyjsGezQ==',
  'linux-arm64': 'sha512-V4yanAY5EA5UpwwRPtjSfqDbNqAlUJeVn3NYZw2AgmRHjdpSsLtHAzbxRXfkAnbjwTXzE0uedjQxUY02ARPcsA==',
};
const codexIntegrities: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-o05NyAOCDygSPRo1yinzxvkRSdmsZyBD9E7mbpmjRanSfM8lypqWtQgEo4XfNkwhuCR2aFu8mlGOsQGFXVbVww==',
};

/** Undefined where there is none for this kind of machine. */
export function harnessProgram(name: Name): HarnessProgram | undefined {
  switch (name) {
    case 'claude': {
      const integrity = claudeIntegrities[machine];
      const of = `@anthropic-ai/claude-code-${machine}`;
      return integrity === undefined ? undefined : { package: of, version: claudeVersion, integrity, inside: 'claude' };
    }
    case 'codex': {
      const integrity = codexIntegrities[machine];
      const inside = 'vendor/x86_64-unknown-linux-musl/bin/codex';
      return integrity === undefined
        ? undefined
        : { package: '@openai/codex', version: `${codexVersion}-${machine}`, integrity, inside };
    }
    case 'gemini':
      return {
        package: '@google/gemini-cli',
        version: geminiVersion,
        integrity: 'sha512-dbQ9A0qBtFJNi6XBkHvfZ6Azpn6PNgH/P8h2MZ67RLlX8hSAVjup39CRWqdRxZv7YXIuhrFaytr8y0jKnkoxnQ==',
        inside: 'bundle/gemini.js',
      };
  }
}

/** Where the program lies once it was fetched. */
function fetchedHarness(name: Name): string | undefined {
  const program = harnessProgram(name);
  return program === undefined ? undefined : join(folderOf(program), program.inside);
}

export function folderOf({ package: of, version }: HarnessProgram): string {
  return join(cache, `${of.replaceAll(/[@/]/g, '-').replace(/^-/, '')}-${version}`);
}

/** Undefined where it was not fetched. */
export function harnessAtHand(name: Name): string | undefined {
  const file = fetchedHarness(name);
  return file !== undefined && existsSync(file) ? file : undefined;
}
