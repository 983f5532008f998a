import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase } from '@espalier/persistence';
import { createLogger } from '@espalier/service-kit';
import { ApprovalHarness, approvalMigrations, person, SpecClock, SpecFleet } from './approval.fixture.js';

const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
const APPROVALS = 4;
const REPLICAS = 3;

describe('approved actions and kill -9', () => {
  it('are carried out once each, whoever dies over them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-approvals-'));
    const ledger = mkdtempSync(join(folder, 'mdm-'));
    const url = `sqlite:${join(folder, 'db.sqlite')}`;
    const db = openDatabase({ url, schema: 'test', migrations: approvalMigrations, logger });
    const children = new Set<ChildProcess>();
    const said: string[] = [];
    let kills = 0;

    /** A replica; killed in the middle of its first action, unless it is the last one. */
    function start(): void {
      const path = new URL('approval.process.fixture.js', import.meta.url).pathname;
      const child = spawn(process.execPath, [path, url, ledger], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.add(child);
      createInterface({ input: child.stdout }).on('line', (line) => {
        said.push(line);
        if (line.startsWith('queued') && kills < REPLICAS - 1 && child.exitCode === null && !child.killed) {
          kills += 1;
          child.kill('SIGKILL');
        }
      });
      child.once('exit', () => children.delete(child));
    }
    try {
      await db.migrate();
      const site = new ApprovalHarness(db, new SpecClock(), new SpecFleet());
      // Processes take their time to start on a busy machine.
      site.patienceMs = 40_000;
      const ids: string[] = [];
      for (let n = 0; n < APPROVALS; n += 1) {
        const { id } = await site.ask('EraseDevice', [`MAC-${n}`], person('anna'));
        await site.approve(id, person('bert'));
        ids.push(id);
      }
      for (let n = 0; n < REPLICAS; n += 1) start();
      for (const id of ids) {
        const approval = await site.until(id, 'completed', 'failed');
        expect(approval).toMatchObject({ state: 'completed' });
        expect(approval.resultIds).toEqual(JSON.parse(readFileSync(join(ledger, `approval-${id}`), 'utf8')));
      }
      expect(kills).toBe(REPLICAS - 1);
      // It was tried again, and found done.
      expect(said.filter((line) => line.startsWith('again')).length).toBeGreaterThan(0);
      expect(readdirSync(ledger)).toHaveLength(APPROVALS);
    } finally {
      kills = REPLICAS;
      await Promise.all(
        [...children].map(async (child) => {
          const exited = once(child, 'exit');
          child.kill('SIGKILL');
          await exited;
        }),
      );
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
