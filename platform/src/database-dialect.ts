import type { DatabaseConnection, Dialect, Driver, TransactionSettings } from 'kysely';

/** The same dialect with another way to begin a transaction. */
export function withBegin(
  dialect: Dialect,
  begin: (connection: DatabaseConnection, settings: TransactionSettings) => Promise<void>,
): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (database) => dialect.createIntrospector(database),
    createDriver() {
      const driver = dialect.createDriver();
      const changed: Driver = {
        init: () => driver.init(),
        acquireConnection: () => driver.acquireConnection(),
        beginTransaction: begin,
        commitTransaction: (connection) => driver.commitTransaction(connection),
        rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
        releaseConnection: (connection) => driver.releaseConnection(connection),
        destroy: () => driver.destroy(),
      };
      return changed;
    },
  };
}
