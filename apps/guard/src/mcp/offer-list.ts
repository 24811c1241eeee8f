import type { JsonObject } from '@sallyport/contracts';
import { digestOf, keyOf, readOffer, shownOffer } from '@sallyport/tool-pins';
import type { OfferDefinition } from '@sallyport/tool-pins';
import type { Gate, ServerWords, Told } from './gate.ts';
import type { GatewayLimits } from './limits.ts';
import { ListError, readPages } from './read-pages.ts';
import type { Upstream } from './upstream.ts';

/** The lists of what a server offers beside tools, by their methods. */
const offerLists = {
  'prompts/list': { kind: 'prompt', capability: 'prompts', field: 'prompts', what: 'prompts' },
  'resources/list': { kind: 'resource', capability: 'resources', field: 'resources', what: 'resources' },
  'resources/templates/list': {
    kind: 'resource_template',
    capability: 'resources',
    field: 'resourceTemplates',
    what: 'templates of resources',
  },
} as const;
type OfferMethod = keyof typeof offerLists;
export const offerMethods: readonly OfferMethod[] = ['prompts/list', 'resources/list', 'resources/templates/list'];

/** What may be asked for by name: with its digest where a list has it. */
type Found = { readonly digest?: string } | { readonly reason: string };

/** Prompts and resources of a server, as they were told and as far as they may be used. */
export type OfferList = {
  /** The result for a client: what may be used, with nothing that is not pinned. Throws `ListError`. */
  shown(method: OfferMethod): Promise<JsonObject>;
  /**
   * A prompt must be in the list and let. A resource need not be listed: what is read there is untrusted whoever told of it. What was
   * decided against, or says something else than what was approved, is refused. Throws where the list of prompts cannot be had.
   */
  find(kind: 'prompt' | 'resource', name: string): Promise<Found>;
  /** It may have changed: what comes next reads it again. */
  changed(method: OfferMethod): void;
};

type Read = { readonly offers: readonly OfferDefinition[]; readonly told: Told };

export function createOfferList({
  upstream,
  gate,
  server,
  capabilities,
  limits,
  say,
}: {
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly gate: Pick<Gate, 'tell'>;
  readonly server: Omit<ServerWords, 'tools' | 'offers' | 'instructions'>;
  readonly capabilities: JsonObject;
  readonly limits: Pick<GatewayLimits, 'requestMs' | 'maxListed'>;
  readonly say: (line: string) => void;
}): OfferList {
  const held = new Map<OfferMethod, Promise<Read>>();

  async function readList(method: OfferMethod): Promise<OfferDefinition[]> {
    const { kind, capability, ...list } = offerLists[method];
    if (capabilities[capability] === undefined) return [];
    const said = await readPages({ upstream, method, ...list, atMost: limits.maxListed[kind], limits });
    const offers = new Map<string, OfferDefinition>();
    for (const one of said) {
      const read = readOffer(kind, one);
      if (!read.ok) {
        say(`left out: ${read.message}`);
        continue;
      }
      const { offer } = read;
      const twin = offers.get(offer.name);
      if (twin !== undefined && digestOf(twin) !== digestOf(offer))
        throw new ListError('listed_twice', `The server lists two ${list.what} named "${offer.name.slice(0, 200)}"`);
      offers.set(offer.name, offer);
    }
    return [...offers.values()];
  }

  async function current(method: OfferMethod): Promise<Read> {
    const reading =
      held.get(method) ??
      (async () => {
        const offers = await readList(method);
        const { kind } = offerLists[method];
        const told = await gate.tell({ ...server, offers: { [kind]: offers } });
        for (const offer of offers) {
          const one = told.offers?.get(keyOf(offer));
          if (one?.isLet !== true)
            say(`${kind.replace('_', ' ')} "${offer.name}" is held back: ${one?.reason ?? told.reason}`);
        }
        return { offers, told };
      })();
    held.set(method, reading);
    const forget = (): void => {
      if (held.get(method) === reading) held.delete(method);
    };
    try {
      const read = await reading;
      if (read.told.isProvisional === true) forget();
      return read;
    } catch (error) {
      forget();
      throw error;
    }
  }

  return {
    async shown(method) {
      const { offers, told } = await current(method);
      const shown = told.isApproved ? offers.filter((offer) => told.offers?.get(keyOf(offer))?.isLet === true) : [];
      return { [offerLists[method].field]: shown.map((offer) => ({ ...shownOffer(offer) })) };
    },

    async find(kind, name) {
      if (kind === 'prompt') {
        const { offers, told } = await current('prompts/list');
        if (!told.isApproved) return { reason: told.reason };
        const offer = offers.find((one) => one.name === name);
        if (offer === undefined) return { reason: `the server has no prompt "${name.slice(0, 100)}"` };
        const said = told.offers?.get(keyOf(offer));
        return said?.isLet === true ? { digest: digestOf(offer) } : { reason: said?.reason ?? told.reason };
      }
      for (const method of ['resources/list', 'resources/templates/list'] as const) {
        const read = await current(method).catch((error: unknown) => {
          // An address may be asked for that no list has.
          if (error instanceof ListError) return undefined;
          throw error;
        });
        if (read === undefined) continue;
        const { offers, told } = read;
        if (!told.isApproved) return { reason: told.reason };
        const offer = offers.find((one) => one.name === name);
        if (offer === undefined) continue;
        const said = told.offers?.get(keyOf(offer));
        if (said?.isLet === true) return { digest: digestOf(offer) };
        return said?.isNew === true ? {} : { reason: said?.reason ?? told.reason };
      }
      return {};
    },

    changed: (method) => void held.delete(method),
  };
}
