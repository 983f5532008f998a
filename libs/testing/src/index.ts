export * from './nats/find-nats-server.js';
export * from './nats/nats-server.harness.js';
export * from './tls/index.js';
export { startPostgres, type PostgresServer } from './postgres/postgres-server.harness.js';
export { sharedPostgresUrl } from './postgres/shared-postgres.js';
export { isBabelfish } from './database/database-places.js';
export * from './database/describe-on-each-database.js';
export { expectMssqlDdl, expectMssqlStatements, type MssqlGolden } from './database/mssql-golden.js';
