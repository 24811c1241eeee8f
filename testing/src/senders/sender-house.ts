// A server that others reach as they do in life: HTTPS with its own authority, syslog over TCP, TLS and UDP, and its own recipes.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fillRecipe } from '@sallyport/content/fill-recipe';
import type { RecipeValue } from '@sallyport/content/fill-recipe';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { runCommand } from '../command-line.ts';
import { freePort } from '../free-port.ts';
import { searchEverything } from '../recorded-events.ts';
import { createServerUnderTest } from '../server-under-test.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { eventually } from '../waiting.ts';

type Step = { readonly title: string; readonly file?: string; readonly language: string; readonly text: string };
export type Recipe = {
  readonly id: string;
  readonly needs: 'key' | 'listener';
  readonly listener?: 'tls' | 'tcp' | 'udp';
  readonly checked: string;
  readonly steps: readonly Step[];
  readonly test?: { readonly text: string };
};

export type SenderHouse = {
  readonly server: ServerUnderTest;
  readonly ports: Readonly<Record<'https' | 'tls' | 'tcp' | 'udp', number>>;
  readonly authorityFile: string;
  /** For files of senders. */
  readonly directory: string;
  /** A key that may only send. */
  readonly key: string;
  recipes(): Promise<readonly Recipe[]>;
  /** A recipe as its reader fills it, with the paths it names moved below `directory`. Its authority is fetched as it says. */
  follow(id: string, values?: Partial<Record<RecipeValue, string>>): Promise<FollowedRecipe>;
  /** Events whose original holds this, oldest first, once there are so many; an event that is there twice counts twice. */
  received(marker: string, count: number): Promise<readonly JsonObject[]>;
  /** The same once no more come. */
  settled(marker: string, count: number): Promise<readonly JsonObject[]>;
  setListeners(more?: Readonly<Record<string, unknown>>): Promise<void>;
};

export type FollowedRecipe = {
  /** What goes into this file, by the end of its name. */
  text(fileEnd: string): string;
  /** The texts of the steps that are commands. */
  readonly commands: readonly string[];
  readonly test: string;
};

export async function startSenderHouse(context: TestContext): Promise<SenderHouse> {
  const server = createServerUnderTest();
  context.after(() => server.end());
  await server.start();
  const [https, tls, tcp, udp] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const ports = { https, tls, tcp, udp };
  const directory = join(server.directory, 'sender');
  mkdirSync(directory);
  const authorityFile = join(directory, 'sallyport-authority.pem');
  const put = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await server.askLocally({ method: 'PUT', path, headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, answer.text);
  };
  const setListeners: SenderHouse['setListeners'] = (more = {}) =>
    put('/v1/settings/listeners', {
      host: '127.0.0.1',
      tcp_port: tcp,
      tls_port: tls,
      udp_port: udp,
      allowed_networks: ['127.0.0.0/8'],
      ...more,
    });
  const settings = { enabled: true, names: ['localhost'], host: '127.0.0.1', port: https, certificate: 'authority' };
  await put('/v1/settings/https', settings);
  await setListeners();

  const recipes: SenderHouse['recipes'] = async () => {
    const answer = await server.ask({ path: '/v1/sources/recipes' });
    assert.equal(answer.status, 200, answer.text);
    const listed: { recipes: Recipe[] } = JSON.parse(answer.text);
    return listed.recipes;
  };

  function find(
    marker: string,
    { count, quietLooks }: { readonly count: number; readonly quietLooks: number },
  ): Promise<readonly JsonObject[]> {
    let seen: readonly JsonObject[] = [];
    let same = 0;
    return eventually({
      what: `${count} events with "${marker}"`,
      timeoutMs: 120_000,
      everyMs: 250,
      async look() {
        const before = seen.length;
        const found = await searchEverything(server).catch(() => []);
        seen = found.flatMap(({ event }) => {
          const body: JsonValue = event === null ? null : JSON.parse(JSON.stringify(event));
          return isJsonObject(body) && String(body['raw_data']).includes(marker) ? [body] : [];
        });
        same = seen.length === before ? same + 1 : 0;
        return seen.length >= count && same >= quietLooks ? seen : undefined;
      },
      describe: () =>
        `${seen.length} are there, the last: ${JSON.stringify(seen.at(-1))}\n${server.output().slice(-2000)}`,
    });
  }

  return {
    server,
    ports,
    authorityFile,
    directory,
    key: server.keys().ingest,
    recipes,
    setListeners,
    async follow(id, values = {}) {
      const recipe = (await recipes()).find((one) => one.id === id);
      assert.ok(recipe !== undefined, `there is no recipe "${id}"`);
      const filled = (text: string): string =>
        fillRecipe(text, {
          host: 'localhost',
          port: String(recipe.listener === undefined ? https : ports[recipe.listener]),
          address: `https://localhost:${https}`,
          key: server.keys().ingest,
          authority_file: authorityFile,
          source: id,
          ...values,
        }).replaceAll(/(?<=["' ])\/(?:etc|var\/lib|var\/log)\//g, `${directory}/`);
      const commands = recipe.steps.flatMap(({ language, text }) => (language === 'sh' ? [filled(text)] : []));
      const fetching = commands.find((text) => text.includes('/v1/authority.pem'));
      if (fetching !== undefined) {
        const run = await runCommand('sh', ['-ec', fetching], { cwd: directory, environment: shellEnvironment });
        assert.equal(run.code, 0, run.stderr);
        assert.match(run.stdout, /fingerprint=(?:[0-9A-F]{2}:?){32}/i);
      }
      return {
        commands,
        test: recipe.test === undefined ? '' : filled(recipe.test.text),
        text(fileEnd) {
          const step = recipe.steps.find(({ file }) => file?.endsWith(fileEnd));
          assert.ok(step !== undefined, `the recipe "${id}" has no file that ends with "${fileEnd}"`);
          return filled(step.text);
        },
      };
    },
    received: (marker, count) => find(marker, { count, quietLooks: 0 }),
    settled: (marker, count) => find(marker, { count, quietLooks: 16 }),
  };
}

export const shellEnvironment = { PATH: process.env['PATH'] ?? '', TZ: 'UTC' };

/** A value within an event. */
export function valueAt(event: JsonObject | undefined, ...path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const step of path) value = value !== undefined && isJsonObject(value) ? value[step] : undefined;
  return value;
}

export function writeTo(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}
