import { startAccess, type Access, type Inhabitant } from './access.fixture.ts';

/** A server with its first administrator, whom stories share that come one after the other. */
export type House = { readonly access: Access; readonly ada: Inhabitant };

export async function openHouse(): Promise<House> {
  const access = await startAccess();
  return { access, ada: await access.moveIn('Ada', 'admin') };
}
