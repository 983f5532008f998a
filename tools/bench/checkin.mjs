/** `npm run bench:checkin`: see HELP in options.mjs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@espalier/testing';
import { nodeIsRecent } from '../setup/node-runtime.mjs';
import { cpuTimeIsKnown } from './cpu-time.mjs';
import { Databases } from './databases.mjs';
import { espalierRows } from './espalier-rows.mjs';
import { Fleet } from './fleet.mjs';
import { Meter } from './measurement.mjs';
import { nanomdmRows } from './nanomdm-rows.mjs';
import { HELP, readOptions } from './options.mjs';
import { Helper } from './programs.mjs';
import { resultOf, tableOf } from './report.mjs';
import { Scenarios } from './scenarios.mjs';
import { buildNanomdm, startBehindEdge, startEspalier, startNanomdm } from './targets.mjs';

/**
 * @typedef {import('./espalier-rows.mjs').Rows} Rows
 * @typedef {import('./scenarios.mjs').Comparison} Comparison
 * @typedef {import('./targets.mjs').Target} Target
 *
 * A server with its database; `grown` is the same with much more in it.
 * @typedef {object} Contender
 * @property {string} name
 * @property {(name: string, database: string) => Promise<Target>} start
 * @property {(url: string) => Rows & { createTables?: () => Promise<void> }} rows
 */

/** Devices of a grown database with a history of their own, and as many whose own queue stays empty. */
const WATCHED = 50;

/**
 * @param {import('./options.mjs').Options} options
 * @param {(text: string) => void} say
 * @param {AsyncDisposableStack} stack
 */
async function run(options, say, stack) {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const fleet = new Fleet();
  const authorityFile = join(folder, 'ca.pem');
  writeFileSync(authorityFile, fleet.authority.certificate);

  say('starting PostgreSQL, building nanomdm');
  const [postgres, nanomdm] = await Promise.all([
    startPostgres(),
    options.peer ? buildNanomdm(folder) : { missing: '--no-peer' },
  ]);
  stack.defer(() => postgres.stop());
  if ('missing' in nanomdm) say(`peer skipped: ${nanomdm.missing}`);
  const databases = new Databases(postgres.url);
  stack.defer(() => databases.close());
  const loader = new Helper('./load.process.mjs');
  stack.defer(() => loader.stop());

  const { authority } = fleet;
  const devices = fleet.devices(options.enrollments);
  /** @type {Contender[]} */
  const contenders = [
    {
      name: 'espalier',
      start: (name, databaseUrl) => startEspalier(name, { databaseUrl, authority }, options),
      rows: (url) => espalierRows(url, devices[0]?.udid ?? ''),
    },
  ];
  if (!('missing' in nanomdm))
    contenders.push({
      name: 'nanomdm',
      start: (name, databaseUrl) => startNanomdm(name, nanomdm, { databaseUrl, authorityFile }),
      rows: (url) => nanomdmRows(url, nanomdm.schemaSql),
    });

  const scenarios = new Scenarios(new Meter(loader, postgres.pid), fleet, options, say);
  const small = await Promise.all(contenders.map(({ name }) => databases.create(name)));
  const startAll = async (/** @type {string[]} */ urls, suffix = '') => {
    const targets = [];
    for (const [index, { name, start }] of contenders.entries()) {
      const target = await start(name + suffix, urls[index] ?? '');
      stack.defer(() => target.stop());
      targets.push(target);
    }
    return targets;
  };
  const rowsOf = (/** @type {string[]} */ urls) =>
    contenders.map(({ rows }, index) => {
      const opened = rows(urls[index] ?? '');
      stack.defer(() => opened.close());
      return opened;
    });

  for (const rows of rowsOf(small)) {
    if ('createTables' in rows) await rows.createTables?.();
    await rows.close();
  }
  say(`enrolling ${devices.length} devices`);
  const first = await startAll(small);
  await scenarios.populate(first, devices);
  for (const target of first) await target.stop();

  // A database is copied while nobody is connected with it.
  const grown = options.growth
    ? await Promise.all(contenders.map(({ name }) => databases.create(`${name}_grown`, name)))
    : [];
  const targets = await startAll(small);
  await scenarios.warmUp(targets, devices);
  /** @type {Comparison[]} */
  const basic = [];
  basic.push(...(await scenarios.idle('Idle, empty queue', targets, devices)));
  basic.push(...(await scenarios.tokenUpdate(targets, devices)));
  basic.push(...(await scenarios.enrol('enrol, each of 2 requests', targets)));

  /** @type {Comparison[]} */
  const edge = [];
  const [espalier] = targets;
  if (options.edge && espalier !== undefined) {
    const order = { databaseUrl: small[0] ?? '', authority };
    const behindEdge = await startBehindEdge('through the DMZ', order, { ...options, folder });
    stack.defer(() => behindEdge.stop());
    await scenarios.warmUp([behindEdge], devices);
    edge.push(...(await scenarios.idle('Idle through the DMZ', [espalier, behindEdge], devices)));
    await behindEdge.stop();
  }

  /** @type {Comparison[]} */
  const growth = [];
  if (options.growth) {
    const larger = await startAll(grown, ', grown');
    await scenarios.warmUp(larger, devices);
    const both = [...targets, ...larger];
    const watched = Math.min(WATCHED, Math.floor(devices.length / 4));
    const [busy, calm] = [devices.slice(0, watched), devices.slice(watched, 2 * watched)];
    const others = devices.slice(2 * watched).map(({ udid }) => udid);
    const rows = rowsOf(grown);
    const fill = async (/** @type {(rows: Rows) => Promise<void>} */ grow) => {
      await Promise.all(rows.map(grow));
    };
    const { history, queued, fleet: further } = options;

    say(`adding ${history} answered commands to each of ${busy.length} devices`);
    await fill((rows) =>
      rows.growHistories(
        busy.map(({ udid }) => udid),
        history,
      ),
    );
    growth.push(...(await scenarios.idle(`Idle, ${history} answered commands`, both, busy, [2])));
    say(`adding ${queued} waiting commands to ${others.length} other devices`);
    await fill((rows) => rows.growQueues(others, queued));
    growth.push(...(await scenarios.idle(`Idle, + ${queued} queued for others`, both, calm, [2])));
    say(`adding ${further} enrolments`);
    await fill((rows) => rows.growFleet(further));
    growth.push(...(await scenarios.idle(`Idle, + ${further} enrolments`, both, calm, [2])));
    growth.push(...(await scenarios.enrol(`enrol, + ${further} enrolments`, both, [2])));
    for (const target of larger) await target.stop();
  }

  // Last: it leaves commands behind.
  const smallRows = rowsOf(small);
  const places = targets.map(
    (target, index) => /** @type {[Target, Rows]} */ ([target, smallRows[index] ?? smallRows[0]]),
  );
  basic.push(...(await scenarios.acknowledge(places, devices)));

  const peer = 'missing' in nanomdm ? { missing: nanomdm.missing } : { version: nanomdm.version };
  return resultOf({ options, peer, postgres: await databases.version(), basic, edge, growth });
}

function readOptionsOrStop() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(2);
  }
}

/** @returns {Promise<number>} exit code */
async function main() {
  const options = readOptionsOrStop();
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (!nodeIsRecent) throw new Error(`the bench needs Node 24; this is ${process.version}`);
  const say = options.json ? console.error : console.log;
  if (!cpuTimeIsKnown) say('CPU times are read from Linux’s /proc: here only requests/s can be compared');
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });
  await using stack = new AsyncDisposableStack();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(130)));
  const since = performance.now();
  const result = await run(options, say, stack);
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else console.log(tableOf(result));
  say(`measured in ${Math.round((performance.now() - since) / 1_000)} s`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
