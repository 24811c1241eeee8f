import { createCryptoInventory, createInventoryRoutes } from '@sallyport/crypto-inventory';
import type { CryptoInventory, InventoryNeeds } from '@sallyport/crypto-inventory';
import type { ApiKeys, CredentialsHeld, PeopleServices } from '@sallyport/identity';
import type { Devices, Sensors } from '@sallyport/device-fleet';
import type { SyslogListeners } from '@sallyport/event-intake';
import type { VaultClient } from '@sallyport/key-vault/server';
import type { Witnesses } from '@sallyport/ledger';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { ColumnKeyrings } from '../column-keys.ts';
import type { Https } from '../https/index.ts';
import type { OwnHandshakes } from '../own-handshakes.ts';
import { version } from '../version.ts';
import { createCertificateSource } from './certificate-source.ts';
import { createFleetSource } from './fleet-source.ts';
import { createLedgerSource } from './ledger-source.ts';
import { createLibrarySource } from './library-source.ts';
import { createListenerSource } from './listener-source.ts';
import type { ListenerPlace } from './listener-source.ts';
import { createPeopleSource } from './people-source.ts';
import { createStoreSource } from './store-source.ts';
import { createVaultSource } from './vault-source.ts';

export type InventoryServices = {
  readonly routes: RoutePlugin;
  readonly inventory: CryptoInventory;
  /** Looks now and once a day; what is wrong goes into the ledger. */
  start(): void;
  /** No look begins any more; resolves when the one that runs is over. */
  close(): Promise<void>;
};

const dayMs = 86_400_000;
const mostSensors = 20_000;

/** The inventory of cryptography, with everybody it asks. */
export function createInventoryServices(
  needs: Omit<InventoryNeeds, 'sources' | 'product' | 'deadline'> & {
    readonly every: (intervalMs: number, task: () => void) => () => void;
    readonly ownHandshakes: Pick<OwnHandshakes, 'add'>;
    readonly vault: Pick<VaultClient, 'list'>;
    readonly columnKeyrings: Pick<ColumnKeyrings, 'opened'>;
    readonly people: Pick<PeopleServices, 'credentialsHeld' | 'certificateAuthorities'>;
    /** Passkeys that stand beside sealed codes. */
    readonly sealedPasskeys: () => Promise<CredentialsHeld['passkeys']>;
    readonly apiKeys: Pick<ApiKeys, 'listKeys'>;
    readonly devices: Pick<Devices, 'list'>;
    readonly sensors: Pick<Sensors, 'list'>;
    readonly witnesses: Pick<Witnesses, 'report'>;
    readonly https: Pick<Https, 'moment' | 'authority'>;
    readonly listeners: Pick<SyslogListeners, 'moment'>;
    /** Of the first listener, when it has a certificate: `https://…`. */
    readonly firstAddress: () => { readonly address: string; readonly names: readonly string[] } | undefined;
  },
): InventoryServices {
  const { clock, https, listeners, every } = needs;

  const places = (): ListenerPlace[] => {
    const first = needs.firstAddress();
    const url = first === undefined ? undefined : new URL(first.address);
    const { settings, isListening, shown } = https.moment();
    const syslog = listeners.moment();
    const syslogPort = syslog.status.tls.port;
    return [
      ...(first === undefined || url === undefined
        ? []
        : [
            {
              name: 'First listener',
              owner: 'server',
              usedFor: 'console, API, devices, sensors',
              host: url.hostname.replaceAll(/[[\]]/g, ''),
              port: Number(url.port === '' ? 443 : url.port),
              names: first.names,
            },
          ]),
      ...(settings === undefined || !isListening || shown === undefined
        ? []
        : [
            {
              name: 'HTTPS for others',
              owner: 'https',
              usedFor: 'console, API, devices',
              host: settings.host,
              port: settings.port,
              names: settings.names,
            },
          ]),
      ...(syslogPort === undefined
        ? []
        : [
            {
              name: 'Syslog over TLS',
              owner: 'event-intake',
              usedFor: 'events that hosts send',
              host: syslog.settings.host,
              port: syslogPort,
              names: [],
            },
          ]),
    ];
  };
  const inventory = createCryptoInventory({
    ...needs,
    deadline: (ms) => AbortSignal.timeout(ms),
    product: { name: 'Sallyport', version },
    sources: [
      createVaultSource(needs.vault),
      createCertificateSource(
        () => https.authority(),
        () => needs.people.certificateAuthorities.list(),
      ),
      createPeopleSource({
        async held() {
          const [held, sealed] = await Promise.all([needs.people.credentialsHeld(), needs.sealedPasskeys()]);
          return { ...held, passkeys: [...held.passkeys, ...sealed] };
        },
        apiKeys: () => needs.apiKeys.listKeys(),
        nowMs: () => clock.nowMs(),
      }),
      createFleetSource({
        devices: () => needs.devices.list(),
        sensors: () => needs.sensors.list({ limit: mostSensors }),
      }),
      createLedgerSource(needs),
      createListenerSource({
        places,
        monotonicMs: () => clock.monotonicMs(),
        ownHandshakes: needs.ownHandshakes,
      }),
      createLibrarySource(),
      createStoreSource(needs.database, () => needs.columnKeyrings.opened),
    ],
  });
  let stopDaily: (() => void) | undefined;
  const look = (): void => void inventory.check().catch(() => undefined);
  return {
    routes: createInventoryRoutes(inventory, clock),
    inventory,
    start() {
      look();
      stopDaily = every(dayMs, look);
    },
    async close() {
      stopDaily?.();
      await inventory.settled();
    },
  };
}
