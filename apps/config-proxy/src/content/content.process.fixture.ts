import { openDatabase } from '@espalier/persistence';
import { createLogger } from '@espalier/service-kit';
import { startLibraryServers } from '../library/library-server.fixture.js';
import { LibraryHarness } from '../library/library.fixture.js';
import { createLibrary } from '../migrations/2026-11-21-create-library.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';

/** Both doors of the library as a process of its own, on a database file and a folder, until it is killed. */
const [url = '', folder = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
const db = openDatabase({ url, schema: 'test', migrations: [createSite, createLibrary], logger });
await db.migrate();
const harness = new LibraryHarness(db, { folder });
harness.remove();
const { console, content } = await startLibraryServers(harness, logger);
process.stdout.write(`${JSON.stringify({ console, content })}\n`);
// Tells its memory whenever it is asked.
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify(process.resourceUsage().maxRSS)}\n`));
