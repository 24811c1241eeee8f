import { isIP } from 'node:net';
import { DEFAULT_CIPHERS, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION } from 'node:tls';
import { certificateAsset } from '@sallyport/crypto-inventory';
import type { CertificateAsset, InventorySource, ProtocolAsset } from '@sallyport/crypto-inventory';
import { messageOf } from '@sallyport/platform/errors';
import type { OwnHandshakes } from '../own-handshakes.ts';
import { cipherSuiteOf, groupAlgorithmsOf } from './cipher-suites.ts';
import { probeTls, shownChain } from './tls-probe.ts';
import type { TlsTarget } from './tls-probe.ts';

/** One place where this server listens with TLS. */
export type ListenerPlace = {
  readonly name: string;
  readonly owner: string;
  readonly usedFor: string;
  /** As it was told to listen; `0.0.0.0` is reached by the loopback address. */
  readonly host: string;
  readonly port: number;
  readonly names: readonly string[];
};

const dayMs = 86_400_000;

/**
 * What each listener really agrees to, found by shaking hands with it; and what this process accepts when it calls others.
 * Handshakes cost the server a few milliseconds each, so that what was found is kept for a day unless the listeners change.
 */
export function createListenerSource(needs: {
  readonly places: () => readonly ListenerPlace[];
  readonly monotonicMs: () => number;
  readonly ownHandshakes?: Pick<OwnHandshakes, 'add'> | undefined;
}): InventorySource {
  const { ownHandshakes } = needs;
  let kept: { readonly of: string; readonly atMs: number; readonly found: readonly ProtocolAsset[] } | undefined;
  return {
    name: 'tls-listeners',
    async gather(signal) {
      const places = needs.places();
      const of = JSON.stringify(places);
      if (kept?.of !== of || needs.monotonicMs() - kept.atMs > dayMs) {
        const found: ProtocolAsset[] = [];
        for (const place of places) found.push(...(await listenerAssets({ place, ownHandshakes }, signal)));
        // One that was cut short is not the whole answer.
        signal.throwIfAborted();
        kept = { of, atMs: needs.monotonicMs(), found };
      }
      const shown: CertificateAsset[] = [];
      for (const place of places) shown.push(...(await shownCertificates({ place, ownHandshakes }, signal)));
      return [...shown, ...kept.found, outgoing()];
    },
  };
}

type Asked = { readonly place: ListenerPlace; readonly ownHandshakes: Pick<OwnHandshakes, 'add'> | undefined };

async function listenerAssets(asked: Asked, signal: AbortSignal): Promise<ProtocolAsset[]> {
  const { place } = asked;
  const { name, owner, usedFor, port } = place;
  const offers = await reached(asked, (target) => probeTls(target, signal));
  return offers.map(({ version, cipherSuites, groups }): ProtocolAsset => {
    const suites = cipherSuites.map(cipherSuiteOf);
    return {
      kind: 'protocol',
      id: `protocol/tls-listener/${place.host}:${port}/${version}`,
      name: `TLS ${version} at ${place.host}:${port}`,
      owner,
      usedFor,
      where: `${name}, ${place.host}:${port}`,
      known: { kind: 'asked', by: 'handshakes with the listener itself' },
      protocol: 'tls',
      version,
      cipherSuites: suites,
      groups,
      algorithms: [...new Set([...suites.flatMap(({ algorithms }) => algorithms), ...groupAlgorithmsOf(groups)])],
      side: 'server',
    };
  });
}

/** What it shows others at this moment: a certificate that was renewed counts at once. */
async function shownCertificates(asked: Asked, signal: AbortSignal): Promise<CertificateAsset[]> {
  const { place } = asked;
  const chain = await reached(asked, (target) => shownChain(target, signal));
  return chain.map((certificate, at) =>
    certificateAsset(certificate, {
      id: `certificate/tls-listener/${place.host}:${place.port}${at === 0 ? '' : `/issuer-${at}`}`,
      name: at === 0 ? `Certificate of ${place.name}` : `Issuer ${at} of the certificate of ${place.name}`,
      owner: place.owner,
      usedFor: place.usedFor,
      where: `${place.name}, ${place.host}:${place.port}`,
      known: { kind: 'asked', by: 'a handshake with the listener itself' },
      isUsed: true,
    }),
  );
}

async function reached<Answer>(
  { place, ownHandshakes }: Asked,
  ask: (target: TlsTarget) => Promise<Answer>,
): Promise<Answer> {
  const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = wildcards[place.host] ?? place.host;
  const serverName = place.names.find((one) => isIP(one) === 0);
  try {
    return await ask({ host, port: place.port, serverName, ownHandshakes });
  } catch (error) {
    throw new Error(`Cannot shake hands with the listener at ${host}:${place.port}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What Node.js accepts of a server that we call, unless the caller says otherwise: nobody here does. */
function outgoing(): ProtocolAsset {
  const suites = DEFAULT_CIPHERS.split(':').filter((name) => /^[A-Z0-9_-]+$/.test(name) && name !== 'HIGH');
  const cipherSuites = suites.map(cipherSuiteOf);
  const version = DEFAULT_MIN_VERSION.replace('TLSv', '');
  return {
    kind: 'protocol',
    id: 'protocol/tls-outgoing',
    name: `TLS ${version} to ${DEFAULT_MAX_VERSION.replace('TLSv', '')} towards others`,
    owner: 'server',
    usedFor: 'cameras, witnesses, ACME, time-stamps, key providers and archives that are called',
    where: 'this process',
    known: { kind: 'asked', by: 'the defaults of node:tls in this process' },
    protocol: 'tls',
    version: version === '1' ? '1.0' : version,
    cipherSuites,
    groups: [],
    algorithms: [...new Set(cipherSuites.flatMap(({ algorithms }) => algorithms))],
    side: 'client',
  };
}
