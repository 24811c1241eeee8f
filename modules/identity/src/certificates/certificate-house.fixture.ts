// A house whose people have cards, and what their browsers do at the door.
import assert from 'node:assert/strict';
import type { OpenDatabase } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { elsewhere, moveInAdministrator, openHouse, operator, type House } from '../people/people.fixture.ts';
import type { AuthoritySettings } from './authority.ts';
import type { CertificateDeparture } from './certificate-flow.ts';
import { issue, listOf, type Party, type Wanted } from './certificates.fixture.ts';

export const client: Client = {
  ...elsewhere,
  origin: 'https://console.example:8470',
  hostName: 'console.example',
  linkOrigin: 'https://console.example:8470',
};

/** Through the door, as a browser goes: what stands behind the "#" afterwards. */
export function through(
  house: House,
  { url, attempt }: CertificateDeparture,
  card: Party | undefined,
): URLSearchParams {
  const errand = new URL(url).searchParams.get('errand') ?? '';
  const presented = card === undefined ? {} : { certificate: card.der };
  const location = new URL(house.certificateFlow.pass({ errand, attempt, presented }));
  assert.equal(`${location.origin}${location.pathname}`, 'https://console.example:8470/sign-in/certificate');
  return new URLSearchParams(location.hash.slice(1));
}
export async function signIn(house: House, card: Party, ticket?: string, returnPath = '/alerts') {
  const departure = await house.certificateFlow.departToSignIn({ ticket, returnPath, client });
  const brought = through(house, departure, card).get('ticket') ?? '';
  return house.certificateFlow.signIn({ ticket: brought, attempt: departure.attempt, client });
}
export async function bind(house: House, card: Party, by: Principal, label = 'Card'): Promise<void> {
  const departure = await house.certificateFlow.departToBind({ by, label, client });
  const ticket = through(house, departure, card).get('ticket') ?? '';
  await house.certificateFlow.bind({ ticket, attempt: departure.attempt, client, by });
}
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => {
      if (!(error instanceof Error) || !('code' in error) || !('details' in error)) throw error;
      const { details } = error;
      const reason =
        typeof details === 'object' && details !== null && 'reason' in details ? details.reason : undefined;
      return reason === undefined ? String(error.code) : `${String(error.code)} ${String(reason)}`;
    },
  );
}

/** An administrator, an authority that is enabled, and its list of revocations. */
export async function houseWithAuthority(open: () => Promise<OpenDatabase>, settings: Partial<AuthoritySettings> = {}) {
  const house = await openHouse(open);
  const admin = await moveInAdministrator(house);
  const nowMs = house.clock.nowMs();
  const root = await issue(nowMs, { name: 'Root', isAuthority: true });
  const authority = await house.certificateAuthorities.create({
    settings: { name: 'Staff', isEnabled: true, ...settings },
    pem: root.pem,
    by: operator,
  });
  const takeList = async (wanted: Parameters<typeof listOf>[2] = {}) =>
    house.certificateAuthorities.takeList({
      id: authority.id,
      list: await listOf(root, house.clock.nowMs(), wanted),
      by: operator,
    });
  if (settings.revocation !== 'none') await takeList();
  const card = (wanted: Partial<Wanted> = {}): Promise<Party> =>
    issue(house.clock.nowMs(), { name: 'Anna', issuer: root, ...wanted });
  return { house, admin, root, authority, takeList, card };
}
