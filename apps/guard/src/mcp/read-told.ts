import { isJsonObject, itemsOf, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { keyOf, offerKinds } from '@sallyport/tool-pins';
import type { Told } from './gate.ts';

/** What the server of Sallyport says of a server: `{ server: { state }, tools: [{ name, isLet, reason? }], offers: [{ kind, name, isLet, isNew? }] }`; what is not said to be let is not. */
export function readTold(body: JsonObject): Told {
  const server = isJsonObject(body['server']) ? body['server'] : {};
  const state = server['state'];
  const listed: readonly JsonValue[] = Array.isArray(body['tools']) ? body['tools'] : [];
  const tools = new Map<string, { isLet: boolean; reason: string }>();
  for (const tool of listed) {
    if (!isJsonObject(tool)) continue;
    const { name, isLet, reason } = tool;
    if (typeof name !== 'string') continue;
    tools.set(name, {
      isLet: isLet === true,
      reason: typeof reason === 'string' ? reason : 'nobody approved this tool',
    });
  }
  const said = server['reason'];
  const reason =
    typeof said === 'string'
      ? said
      : state === 'blocked'
        ? 'this server is blocked'
        : 'nobody approved this server yet; somebody with agents:manage does that in the console, under Agents';
  const offers = new Map<string, { isLet: boolean; reason: string; isNew?: true }>();
  for (const offer of itemsOf(body['offers'])) {
    if (!isJsonObject(offer)) continue;
    const kind = offerKinds.find((one) => one === offer['kind']);
    if (kind === undefined) continue;
    offers.set(keyOf({ kind, name: textOf(offer['name']) }), {
      isLet: offer['isLet'] === true,
      reason: typeof offer['reason'] === 'string' ? offer['reason'] : 'nobody approved it',
      ...(offer['isNew'] === true ? { isNew: true } : {}),
    });
  }
  return { isApproved: state === 'approved', reason, tools, offers };
}
