import type { Database, Transaction } from '@sallyport/platform/database';

export const geoKinds = ['country', 'city', 'asn'] as const;
export type GeoKind = (typeof geoKinds)[number];

/** A database somebody imported. */
export type GeoFile = { readonly kind: GeoKind; readonly sha256: string; readonly importedAtMs: number };

type Tables = { access_risk_geo: { kind: string; sha256: string; imported_at_ms: number } };

export async function readGeoFiles(database: Database): Promise<readonly GeoFile[]> {
  const rows = await database.withTables<Tables>().selectFrom('access_risk_geo').selectAll().execute();
  return rows.flatMap(({ kind: name, sha256, imported_at_ms: importedAtMs }) => {
    const kind = geoKinds.find((known) => known === name);
    return kind === undefined ? [] : [{ kind, sha256, importedAtMs }];
  });
}

export async function saveGeoFile(transaction: Transaction, { kind, sha256, importedAtMs }: GeoFile): Promise<void> {
  const values = { sha256, imported_at_ms: importedAtMs };
  await transaction
    .withTables<Tables>()
    .insertInto('access_risk_geo')
    .values({ kind, ...values })
    .onConflict((conflict) => conflict.column('kind').doUpdateSet(values))
    .execute();
}

export async function removeGeoFile(transaction: Transaction, kind: GeoKind): Promise<void> {
  await transaction.withTables<Tables>().deleteFrom('access_risk_geo').where('kind', '=', kind).execute();
}
