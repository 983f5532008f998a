import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openDatabase, type Database } from '@espalier/persistence';
import { auditMigrations, auditSite, entry, newVault, silent, type AuditSite } from './audit.fixture.js';
import { startAuditServer, type AuditServer } from './audit-server.fixture.js';

const run = promisify(execFile);
const NOON = 1_700_049_600_000;

describe('an export of the audit log', () => {
  let folder: string;
  let db: Database;
  let site: AuditSite;
  let server: AuditServer;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-audit-'));
    db = openDatabase({
      url: `sqlite:${join(folder, 'audit.sqlite')}`,
      schema: 'config_proxy',
      migrations: auditMigrations,
      logger: silent,
    });
    await db.migrate();
    site = auditSite(db, { vault: newVault(), now: () => new Date(NOON), checkpointRecords: 5 });
    server = await startAuditServer(site);
  });
  afterEach(async () => {
    await server.stop();
    await site.rooms.stop();
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const headers = { authorization: 'Bearer jane', connection: 'close' };
  const get = async (path: string): Promise<string> =>
    (await fetch(`${server.url}/api/v1/audit${path}`, { headers })).text();
  const append = (count: number): Promise<void> =>
    db.transaction((tx) =>
      site.rooms.audit.record(
        tx,
        ...Array.from({ length: count }, (_, n) =>
          entry({ details: { reason: `"sequence":${n}, \\ } ü \u{1F600} "prevHash":"` } }),
        ),
      ),
    );

  /** The shell blocks of docs/audit.md, as an auditor would copy them. */
  function documented(): { readonly fetch: string; readonly script: string } {
    const page = readFileSync(new URL('../../../../docs/audit.md', import.meta.url), 'utf8');
    const fetched = /```sh\n(curl[^]*?)```/.exec(page)?.[1] ?? '';
    const script = /```sh verify-audit\.sh\n([^]*?)```/.exec(page)?.[1] ?? '';
    writeFileSync(join(folder, 'verify-audit.sh'), script);
    return { fetch: fetched, script };
  }
  async function verify(text: string): Promise<string> {
    writeFileSync(join(folder, 'changed.jsonl'), text);
    const answer = await run('sh', ['verify-audit.sh', 'changed.jsonl', 'audit-key.pem'], {
      cwd: folder,
    }).catch((error: unknown) => error as { stdout: string; stderr: string });
    return `${answer.stdout}${answer.stderr}`.trim();
  }

  it('is verified with nothing but openssl, by the lines of the documentation', async () => {
    for (let n = 0; n < 12; n += 1) await append(1);
    const { fetch: commands } = documented();
    const env = { ...process.env, TOKEN: 'jane', ESPALIER: server.url };
    const { stdout } = await run('sh', ['-e', '-c', commands], { cwd: folder, env });
    const [key] = (JSON.parse(await get('/keys')) as { items: { id: string }[] }).items;
    expect(stdout).toContain(key?.id);
    // 13: access was granted; 14 and 15: the export itself.
    expect(stdout).toContain('Records 1 to 15 are whole; signed up to 11.');
  });

  it('that was changed in any way is refused by them', async () => {
    for (let n = 0; n < 12; n += 1) await append(1);
    documented();
    const [key] = (JSON.parse(await get('/keys')) as { items: { publicKey: string }[] }).items;
    writeFileSync(join(folder, 'audit-key.pem'), key?.publicKey ?? '');
    const text = await get('/export');
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(15 + 3);
    const at = (sequence: number): number =>
      lines.findIndex((line) => line.includes(`"sequence":${sequence},"t`));
    const changed = (change: (copy: string[]) => void): Promise<string> => {
      const copy = [...lines];
      change(copy);
      return verify(copy.join('\n'));
    };
    expect(await verify(text)).toBe('Records 1 to 15 are whole; signed up to 11.');
    const forge = (line = ''): string => line.replace('"jane"', '"joe"');
    expect(await changed((copy) => copy.splice(at(4), 1, forge(copy[at(4)])))).toBe(
      'BROKEN: record 4 was changed',
    );
    expect(await changed((copy) => copy.splice(at(4), 1))).toBe('BROKEN: record 4 is not in its place');
    expect(
      await changed((copy) => {
        const [moved = ''] = copy.splice(at(4), 1);
        copy.splice(at(3), 0, moved);
      }),
    ).toBe('BROKEN: record 3 is not in its place');
    const forgeCheckpoint = (copy: string[]): void => {
      const index = copy.findLastIndex((line) => line.startsWith('{"checkpoint"'));
      copy[index] = (copy[index] ?? '').replace(/(v1:11:)./, '$1x');
    };
    expect(await changed(forgeCheckpoint)).toMatch(
      /^BROKEN: this checkpoint is forged: espalier-audit-checkpoint:v1:11:x/,
    );
    expect(await changed((copy) => copy.splice(0, 0, copy.at(-1)?.slice(0, 50) ?? ''))).toMatch(
      /^BROKEN: record/,
    );
    // A checkpoint from elsewhere in the same log.
    expect(await changed((copy) => copy.splice(at(4), 0, copy[1] ?? ''))).toBe(
      'BROKEN: the checkpoint at 1 is not for what is here',
    );
    const another = auditSite(await freshDatabase(), { vault: newVault() });
    await another.rooms.audit.recordAlone(entry());
    const [foreign] = await another.rooms.reader.keys();
    writeFileSync(join(folder, 'audit-key.pem'), foreign?.publicKey ?? '');
    expect(await verify(text)).toMatch(/^BROKEN: this checkpoint is forged/);
    await another.rooms.stop();
  });

  const opened: Database[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((database) => database.close())));
  async function freshDatabase(): Promise<Database> {
    const fresh = openDatabase({
      url: 'sqlite::memory:',
      schema: 'config_proxy',
      migrations: auditMigrations,
      logger: silent,
    });
    opened.push(fresh);
    await fresh.migrate();
    return fresh;
  }

  it('goes on from where the last one ended, and begins with a checkpoint where records are gone', async () => {
    for (let n = 0; n < 12; n += 1) await append(1);
    documented();
    const [key] = (JSON.parse(await get('/keys')) as { items: { publicKey: string }[] }).items;
    writeFileSync(join(folder, 'audit-key.pem'), key?.publicKey ?? '');
    const first = await get('/export');
    await append(3);
    const second = await get('/export?from=16');
    expect(await verify(first + second)).toBe('Records 1 to 20 are whole; signed up to 18.');
    expect(await get('/export?from=999')).toBe('');
    expect(await get('/export?from=0')).toContain('ESP_BAD_REQUEST');
    await site.rooms.audit.prune(NOON + 1_000, 6);
    const rest = await get('/export');
    expect(rest).toMatch(/^{"checkpoint":"espalier-audit-checkpoint:v1:6:/);
    expect(await verify(rest)).toMatch(/^Records 7 to \d+ are whole/);
  });

  it('streams any number of records in flat memory, as fast as it is read', async () => {
    for (let n = 0; n < 25; n += 1) await append(1_000);
    const sent = request(`${server.url}/api/v1/audit/export`, { headers });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const inUse = (): number => {
      collectGarbage();
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      return arrayBuffers + heapUsed;
    };
    const before = inUse();
    let records = 0;
    let most = 0;
    for await (const line of createInterface({ input: response })) {
      if (line.startsWith('{"hash"')) records += 1;
      if (records % 5_000 === 0) most = Math.max(most, inUse() - before);
    }
    expect(records).toBe(25_003);
    // All of it is more than 15 MB of text, and several times that as objects.
    expect(most).toBeLessThan(8 * 1024 * 1024);
  });
});
