import type { Command } from 'commander';
import { resolve } from 'node:path';
import { systemClock } from '@sallyport/platform/clock';
import { defaultServer } from '../config.ts';
import { createApiClient, parseServer } from '../http-client.ts';
import { newDpopKey, readDpopKey } from '../login/dpop-key.ts';
import { createOAuthClient } from '../login/oauth-client.ts';
import { forgetLogin, readLogin, saveLogin, type SavedLogin } from '../login/saved-login.ts';
import { signIn } from '../login/sign-in.ts';
import { createTokenSource } from '../login/token-source.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, jsonLine, plainText } from '../terminal.ts';

type LoginOptions = { server?: string; ca?: string; scopes?: string };

const nowMs = (): number => systemClock.nowMs();

export function addLoginCommand(program: Command, needs: CliNeeds): void {
  program
    .command('login')
    .description(
      'sign in as yourself: you confirm a code in the console, and commands then act for you for up to 12 hours',
    )
    .option(
      '--server <url>',
      `address of the server (SALLYPORT_SERVER, else as saved by connect, else ${defaultServer})`,
    )
    .option('--ca <file>', 'certificate of the CA that signed the server’s (SALLYPORT_CA)')
    .option('--scopes <list>', 'no more than this, separated by commas; all that you may do without it')
    .action((options: LoginOptions) => login(options, needs));
}

export function addLogoutCommand(program: Command, needs: CliNeeds): void {
  program
    .command('logout')
    .description('end the sign-in of this command line, here and on the server')
    .action(() => logout(needs));
}

export function addWhoamiCommand(program: Command, needs: CliNeeds): void {
  program
    .command('whoami')
    .description('whom commands act for, and what they may do')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) => whoami(options, needs));
}

async function login(options: LoginOptions, needs: CliNeeds): Promise<void> {
  const { configuration, stdout } = needs;
  const known = configuration.connection();
  const address = options.server ?? known.server ?? defaultServer;
  const caFile = options.ca === undefined ? known.caFile : resolve(options.ca);
  const earlier = readLogin(configuration.loginFile);
  // Checked as an address that a key may be sent to.
  const server = parseServer(address, 'token');
  const client = createApiClient({ kind: 'server', server, key: undefined, caFile });
  try {
    const key = newDpopKey();
    const oauth = createOAuthClient({ client, key, nowMs, signal: needs.signal });
    const scopes = (options.scopes ?? '').split(/[,\s]+/).filter((scope) => scope !== '');
    const tokens = await signIn(oauth, scopes, { ...needs, nowMs });
    saveLogin(configuration.loginFile, {
      server: address,
      key: key.jwk,
      ...tokens,
      ...(caFile === undefined ? {} : { caFile }),
    });
    stdout.write(`Signed in to ${plainText(address)} as ${plainText(tokens.userName)}\n`);
  } finally {
    client.close();
  }
  // The one of before is of no use to anybody now; that its server does not answer is no reason to fail.
  if (earlier !== undefined) await revoke(earlier, needs).catch(() => undefined);
}

async function logout(needs: CliNeeds): Promise<void> {
  const file = needs.configuration.loginFile;
  const saved = readLogin(file);
  forgetLogin(file);
  if (saved === undefined) {
    needs.stdout.write('Nobody was signed in\n');
    return;
  }
  try {
    await revoke(saved, needs);
    needs.stdout.write(`Signed out of ${plainText(saved.server)}\n`);
  } catch {
    needs.stdout.write('Signed out here\n');
    needs.stderr.write(
      `${plainText(saved.server)} did not answer: what was saved here is gone, and there the sign-in ends by itself after 12 hours.\nhint: end it at once in the console, under Device sign-in\n`,
    );
  }
}

async function revoke(saved: SavedLogin, needs: CliNeeds): Promise<void> {
  const server = parseServer(saved.server, 'token');
  const client = createApiClient({ kind: 'server', server, key: undefined, caFile: saved.caFile });
  try {
    const oauth = createOAuthClient({ client, key: readDpopKey(saved.key), nowMs, signal: needs.signal });
    await oauth.revoke(saved.refreshToken);
  } finally {
    client.close();
  }
}

async function whoami(options: { json?: true }, needs: CliNeeds): Promise<void> {
  const { configuration, stdout, stderr } = needs;
  const saved = readLogin(configuration.loginFile);
  if (saved === undefined) {
    const known = configuration.connection();
    const how = known.key === undefined ? 'operator socket' : 'API key';
    const where = known.server ?? (known.key === undefined ? configuration.dataDirectory : defaultServer);
    if (options.json === true) stdout.write(`${jsonLine({ user: null, with: how, server: where })}\n`);
    else {
      stdout.write(`Nobody is signed in; commands use the ${how} of ${plainText(where)}\n`);
      stderr.write(`hint: ${asTyped('sallyport login', configuration.command)}\n`);
    }
    return;
  }
  const server = parseServer(saved.server, 'token');
  const client = createApiClient({ kind: 'server', server, key: undefined, caFile: saved.caFile });
  try {
    // The server says it anew: what somebody may do changes, and a sign-in ends.
    const now = await createTokenSource({ ...needs, nowMs }, client).renew();
    if (options.json === true)
      stdout.write(`${jsonLine({ user: now.userName, server: now.server, scopes: [...now.scopes] })}\n`);
    else
      stdout.write(
        `${plainText(now.userName)} at ${plainText(now.server)}, may ${now.scopes.map(plainText).join(', ') || 'nothing'}\n`,
      );
  } finally {
    client.close();
  }
}
