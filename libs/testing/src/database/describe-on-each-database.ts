import { openDatabase, type Database, type DatabaseOptions, type Migration } from '@espalier/persistence';
import { pino } from 'pino';
import { databaseTargets, type DatabasePlace, type DatabaseTarget } from './database-places.js';

export interface DatabaseSuite {
  readonly migrations: readonly Migration[];
  readonly entities?: NonNullable<DatabaseOptions['entities']>;
}

export interface OpenOptions {
  /** Opens the same schema once more, as a second replica would. */
  readonly beside?: Database;
  /** Default true. */
  readonly migrate?: boolean;
  readonly options?: Partial<DatabaseOptions>;
}

/**
 * Opens a Database on an empty, migrated schema of its own. What a test (or `beforeEach`) opens is closed and
 * dropped after it; what `beforeAll` opens, after the suite.
 */
export type OpenDatabase = (options?: OpenOptions) => Promise<Database>;

/**
 * Runs one suite on SQLite, on PostgreSQL and, where `ESPALIER_TEST_MSSQL_URL` is set, on SQL Server; and checks
 * that the migrations make every table and column that the entities name.
 */
export function describeOnEachDatabase(
  name: string,
  suite: DatabaseSuite,
  define: (open: OpenDatabase, dialect: Database['dialect']) => void,
): void {
  for (const target of databaseTargets()) {
    describe(`${name} on ${target.dialect}`, () => {
      const opener = new Opener(target, suite);
      beforeEach(() => opener.enterTest());
      afterEach(() => opener.leaveTest());
      afterAll(() => opener.leaveSuite());

      // In a block of its own, so that the hooks of the suite run inside those above.
      describe('', () => define((options) => opener.open(options), target.dialect));

      if ((suite.entities?.length ?? 0) > 0) {
        it('has every table and column that the entities name', async () => {
          const database = await opener.open();
          for (const { tableName, columns } of database.dataSource.entityMetadatas) {
            const names = columns.map(({ databaseName }) => `"${databaseName}"`).join(', ');
            expect(await database.query(`SELECT ${names} FROM {${tableName}} WHERE 1 = 0`)).toEqual([]);
          }
        });
      }
    });
  }
}

interface OpenedPlace {
  readonly place: DatabasePlace;
  readonly databases: Database[];
}

class Opener {
  private readonly ofSuite: OpenedPlace[] = [];
  private readonly ofTest: OpenedPlace[] = [];
  private inTest = false;

  constructor(
    private readonly target: DatabaseTarget,
    private readonly suite: DatabaseSuite,
  ) {}

  enterTest(): void {
    this.inTest = true;
  }

  async leaveTest(): Promise<void> {
    this.inTest = false;
    await closeAll(this.ofTest);
  }

  leaveSuite(): Promise<void> {
    return closeAll(this.ofSuite);
  }

  async open({ beside, migrate = true, options }: OpenOptions = {}): Promise<Database> {
    const opened = beside === undefined ? await this.newPlace() : this.placeOf(beside);
    const database = openDatabase({
      url: opened.place.url,
      schema: opened.place.schema,
      migrations: this.suite.migrations,
      entities: this.suite.entities ?? [],
      logger: pino({ level: 'silent' }),
      ...this.target.limits,
      ...options,
    });
    opened.databases.push(database);
    if (migrate && beside === undefined) await database.migrate();
    return database;
  }

  private async newPlace(): Promise<OpenedPlace> {
    const opened = { place: await this.target.createPlace(), databases: [] };
    (this.inTest ? this.ofTest : this.ofSuite).push(opened);
    return opened;
  }

  private placeOf(database: Database): OpenedPlace {
    const found = [...this.ofTest, ...this.ofSuite].find(({ databases }) => databases.includes(database));
    if (found === undefined) throw new Error('`beside` was not opened by this suite');
    return found;
  }
}

async function closeAll(places: OpenedPlace[]): Promise<void> {
  for (const { place, databases } of places.splice(0)) {
    await Promise.all(databases.map((database) => database.close()));
    await place.drop();
  }
}
