import type { IncomingMessage } from 'node:http';
import type { Collection, Job, StoredStatusMessage } from '@espalier/contracts';
import { collect } from '../api/list.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { ApiClient } from '../connection/api.client.js';
import { ApiError } from '../connection/api.error.js';
import { connectionFailure } from '../connection/failures.js';
import { signInOf } from '../connection/profile.store.js';
import { showDuration, showTime } from '../terminal/times.js';
import type { Whoami } from './whoami.js';

/** What one check found. `skipped`: it could not be looked at from here. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
  readonly mend?: string;
}

type Found = Omit<Finding, 'check'>;

const DAY_MS = 86_400_000;
const CERTIFICATE_WARNING_MS = 30 * DAY_MS;
const TOKEN_WARNING_MS = 14 * DAY_MS;
/** Tokens and Kerberos tickets bear five minutes; this leaves room to act. */
const CLOCK_WARNING_MS = 60_000;
const EVALUATION_WARNING_MS = 10 * 60_000;
const DOCUMENT = '/api/v1/openapi.json';
const READYZ_MS = 5_000;
const AT_MOST = 100;

const ok = (text: string): Found => ({ state: 'ok', text });
const warning = (text: string, mend: string): Found => ({ state: 'warning', text, mend });
const failed = (text: string, mend?: string): Found => ({
  state: 'failed',
  text,
  ...(mend !== undefined && { mend }),
});
const skipped = (text: string): Found => ({ state: 'skipped', text });

/** Runs a check; what it throws is what it found. */
export async function examine(check: string, look: () => Promise<Found>): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403)
      return { check, ...skipped(`Your token may not look: ${error.body.detail ?? error.message}`) };
    if (error instanceof CliError) return { check, ...failed(error.message, error.mend) };
    throw error;
  }
}

/** Name, port, TLS, trust, and how long the certificate lasts. */
export async function checkConnection({ dialer, settings }: ApiClient, now: Date): Promise<Found> {
  const { socket, certificate } = await dialer.dial().catch(async (error: unknown) => {
    throw await connectionFailure(error, settings);
  });
  const until = certificate.validToDate.getTime();
  const protocol = socket.getProtocol() ?? 'TLS';
  socket.destroy();
  const left = until - now.getTime();
  const text = `${settings.url} answers with ${protocol}; its certificate is good until ${showTime(until) ?? ''}`;
  if (left > CERTIFICATE_WARNING_MS) return ok(`${text}.`);
  return warning(
    `${text}: ${left > 0 ? `only ${showDuration(left)} more` : 'it has expired'}.`,
    'Give config-proxy a new certificate (ESPALIER_CONSOLE_CERTIFICATE_FILE, ESPALIER_CONSOLE_KEY_FILE) and send it SIGHUP.',
  );
}

/** What speaks there, and how fast. */
export async function checkServer(api: ApiClient, now: () => Date): Promise<Found> {
  const before = now().getTime();
  const { info } = await api.get<{ info?: { title?: string; version?: string } }>(DOCUMENT);
  const version = info?.version ?? 'of an unknown version';
  const speaks = `${info?.title ?? 'Something'} ${version}, in ${now().getTime() - before} ms`;
  if (/^1(?:\.|$)/.test(version)) return ok(`${speaks}.`);
  return warning(
    `${speaks}: this command line knows version 1.`,
    'Install the command line that came with the server.',
  );
}

/** Whether the clock of the server is ours. */
export async function checkClock(api: ApiClient, now: () => Date): Promise<Found> {
  const before = now().getTime();
  const { headers } = await api.send({ method: 'HEAD', path: DOCUMENT });
  const theirs = Date.parse(headers.date ?? '');
  if (Number.isNaN(theirs)) return skipped('The server does not tell its time.');
  // The header has whole seconds.
  const difference = theirs + 500 - (before + now().getTime()) / 2;
  if (Math.abs(difference) < CLOCK_WARNING_MS) return ok('This machine and the server agree on the time.');
  return warning(
    `The clock of the server is ${showDuration(difference)} ${difference > 0 ? 'ahead of' : 'behind'} the one of this machine.`,
    'Have both set their clocks by the network (NTP): tokens and tickets expire by them.',
  );
}

/** Who one is, and for how long. */
export async function checkToken(api: ApiClient, now: Date): Promise<Found> {
  if (signInOf(api.settings) === undefined)
    return failed('You are not signed in.', 'Sign in: espalier login');
  const { name, scopes, expiresAt } = await api.get<Whoami>('/api/v1/whoami');
  const left = expiresAt === null ? Infinity : expiresAt - now.getTime();
  const text = `You are ${name}, with ${scopes.length} ${scopes.length === 1 ? 'scope' : 'scopes'}`;
  if (left > TOKEN_WARNING_MS)
    return ok(`${text}${expiresAt === null ? '' : `, until ${showTime(expiresAt) ?? ''}`}.`);
  return warning(
    `${text}, for only ${showDuration(left)} more.`,
    'Have a new token made: espalier tokens create',
  );
}

/** Database, NATS and what else the service needs; its port is for the inside only. */
export async function checkReadiness(url: string): Promise<Found> {
  const address = url.endsWith('/readyz') ? url : `${url.replace(/\/$/, '')}/readyz`;
  const { checks, ready } = await readyz(address);
  const bad = Object.entries(checks).filter(([, { state }]) => state !== 'ok');
  if (bad.length === 0) return ok(`${address}: ${Object.keys(checks).join(', ')} are well.`);
  const text = `${address}: ${bad.map(([name, { state, detail }]) => `${name} is ${state}${detail === undefined ? '' : ` (${detail})`}`).join('; ')}.`;
  const mend = 'Look at what is named, then at the log of the service.';
  return ready ? warning(text, mend) : failed(text, mend);
}

interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly state: string; readonly detail?: string }>>;
}

async function readyz(address: string): Promise<Readiness> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  try {
    // Only here: nobody else speaks plain HTTP.
    const { get } = await import('node:http');
    get(address, { signal: AbortSignal.timeout(READYZ_MS) }, resolve).once('error', reject);
    const { json } = await import('node:stream/consumers');
    return (await json(await promise)) as Readiness;
  } catch (error) {
    throw new CliError(
      `${address} does not say how it is: ${error instanceof Error ? error.message : String(error)}`,
      exitCodes.unavailable,
      'Name the management port of a service, as in http://127.0.0.1:9102, on a machine that reaches it.',
    );
  }
}

/** Whether members of collections are as their rules say. */
export async function checkCollections(api: ApiClient, now: Date): Promise<Found> {
  const open = await collect<Collection>(
    api,
    '/api/v1/collections',
    { filter: "status ne 'ready'" },
    AT_MOST,
  );
  if (open.length === 0) return ok('All collections are evaluated.');
  const since = ({ changedAt, lastEvaluatedAt }: Collection): number =>
    Math.max(changedAt, lastEvaluatedAt ?? 0);
  const late = open.filter((collection) => now.getTime() - since(collection) > EVALUATION_WARNING_MS);
  if (late.length === 0) return ok(`${open.length} collections are being evaluated.`);
  return warning(
    `${late.length} collections wait long for their evaluation: ${late
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ')}.`,
    'See espalier jobs list and espalier status --component collections; a slow query rule is named there.',
  );
}

/** Long work that went wrong in the last day. */
export async function checkJobs(api: ApiClient): Promise<Found> {
  const jobs = await collect<Job>(api, '/api/v1/jobs', {}, AT_MOST);
  const running = jobs.filter(({ finishedAt }) => finishedAt === null).length;
  const bad = jobs.filter(({ state }) => state === 'failed');
  if (bad.length === 0)
    return ok(running === 0 ? 'No job has failed.' : `${running} jobs are under way; none has failed.`);
  return warning(
    `${bad.length} of the last ${jobs.length} jobs failed, newest: ${bad[0]?.title ?? ''}.`,
    `See why: espalier jobs show ${bad[0]?.id ?? ''}`,
  );
}

/** What the services complained of in the last day; messages that could not be worked off are among it. */
export async function checkStatusMessages(api: ApiClient, now: Date): Promise<Found> {
  const since = now.getTime() - DAY_MS;
  const latest = await collect<StoredStatusMessage>(
    api,
    '/api/v1/status-messages',
    { filter: "severity eq 'error'" },
    AT_MOST,
  );
  const recent = latest.filter(({ at }) => at >= since);
  const [newest] = recent;
  if (newest === undefined) return ok('No service has reported an error in the last day.');
  return warning(
    `${recent.length}${recent.length === AT_MOST ? ' or more' : ''} errors were reported in the last day, newest by ${newest.service}: ${newest.text}`,
    'See them: espalier status --severity error',
  );
}

/** How a finding is marked, and in which colour. */
export const marks = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
  skipped: ['-', 'dim'],
} as const satisfies Record<Finding['state'], readonly [string, Parameters<Cli['out']['style']>[0]]>;
