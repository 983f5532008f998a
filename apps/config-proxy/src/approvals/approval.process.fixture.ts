import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@espalier/persistence';
import { createLogger } from '@espalier/service-kit';
import type { MdmClient } from '../mdm/mdm.client.js';
import { ApprovalHarness, approvalMigrations, SpecClock } from './approval.fixture.js';

/** A replica as a process of its own that carries out what is approved, until it is killed. */
const [url = '', folder = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
const db = openDatabase({ url, schema: 'test', migrations: approvalMigrations, logger });

/** As mdm does it: a request id makes its commands once, whole or not at all; they outlive this process. */
function once(requestId: string): string[] {
  const file = join(folder, requestId.replaceAll(':', '-'));
  const mine = join(tmpdir(), `${randomUUID()}.json`);
  writeFileSync(mine, JSON.stringify([randomUUID()]));
  try {
    linkSync(mine, file);
  } catch {
    process.stdout.write(`again ${requestId}\n`);
  } finally {
    rmSync(mine);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as string[];
}

const insist = async (_contract: unknown, request: { readonly requestId: string }): Promise<unknown> => {
  const ids = once(request.requestId);
  process.stdout.write(`queued ${request.requestId}\n`);
  // Whoever kills this process now does so between doing and saying so.
  await new Promise((resolve) => setTimeout(resolve, 30));
  return { commandId: ids[0], commands: ids.map((id) => ({ id })), skipped: [] };
};
const mdm = {
  ask: () => Promise.reject(new Error('nobody is asked')),
  insist: insist as MdmClient['insist'],
};
new ApprovalHarness(db, new SpecClock(), { mdm }).run(300);
