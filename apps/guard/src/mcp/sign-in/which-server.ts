import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { readOwnFile } from '../locked-file.ts';
import { addressOf, readGatewayOptions } from '../options.ts';
import type { SignInStore } from './sign-in-store.ts';

/** A remote server, and how a harness calls it where that is known. */
export type NamedServer = { readonly url: URL; readonly name?: string };

const maxBytes = 4 * 1024 * 1024;

/** By its address, or by its name in an `.mcp.json` or among the sign-ins there are. Throws where that is nobody, or several. */
export function whichServer(
  asked: string,
  { store, settings }: { readonly store: SignInStore; readonly settings: string },
): NamedServer {
  if (/^https?:/i.test(asked)) {
    const url = addressOf(asked);
    const name = store.find(url)?.name;
    return { url, ...(name === undefined ? {} : { name }) };
  }
  const known = [...inSettings(asked, settings), ...inStore(asked, store)];
  const [first, ...more] = [...new Set(known)];
  if (first === undefined)
    throw new Error(
      `"${asked.slice(0, 100)}" must be an address, or the name of a remote server in ${settings} or of a sign-in`,
    );
  if (more.length > 0)
    throw new Error(
      `"${asked.slice(0, 100)}" is several servers, must be the address of one: ${[first, ...more].join(', ')}`,
    );
  return { url: new URL(first), name: asked };
}

function inStore(name: string, store: SignInStore): string[] {
  return store.list().flatMap((signIn) => (signIn.name === name ? [signIn.server] : []));
}

function inSettings(name: string, file: string): string[] {
  const text = readOwnFile(file, maxBytes);
  if (text === undefined) return [];
  let read: unknown;
  try {
    read = parseJson(text);
  } catch {
    throw new Error(`"${file}" is no JSON`);
  }
  const servers = isJsonObject(read) ? read['mcpServers'] : undefined;
  const server = isJsonObject(servers) && Object.hasOwn(servers, name) ? servers[name] : undefined;
  const address = addressIn(server);
  return address === undefined ? [] : [addressOf(address).href];
}

/** Of a server as it stands there, or of a gateway before it. */
function addressIn(server: JsonValue | undefined): string | undefined {
  if (!isJsonObject(server)) return undefined;
  const url = textOf(server['url']);
  if (url !== '') return url;
  const args = textsOf(server['args']);
  const at = args.findIndex((arg, index) => arg === 'mcp' && args[index + 1] === '--name');
  if (at === -1) return undefined;
  const { behind } = readGatewayOptions(args.slice(at + 1), () => '');
  return behind.kind === 'address' ? behind.url.href : undefined;
}
