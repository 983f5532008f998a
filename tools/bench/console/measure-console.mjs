import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { measureIntake } from '../site/intake.mjs';
import { RunningSite } from '../site/running-site.mjs';
import { measureListeners } from './listeners.mjs';
import { measureRequests } from './requests.mjs';

const REST_SECONDS = 150;

/**
 * @param {import('./options.mjs').Options} options
 * @param {(text: string) => void} say
 * @param {AsyncDisposableStack} stack
 */
export async function measureConsole(options, say, stack) {
  const { devices, listeners, events, seconds, parts, profile } = options;
  // One person, as the load is, gets half of the places.
  const consoleEnv = { ESPALIER_CONSOLE_EVENT_LISTENERS: String(2 * listeners) };
  const site = await RunningSite.start({ profile, consoleEnv });
  stack.defer(() => site.stop());
  const part = (/** @type {string} */ title) => say(`${title} (load ${loadavg()[0]?.toFixed(1)})`);
  part(`${devices} devices enrol`);
  await measureIntake(site, { from: 1, to: devices }, say);
  await site.proxy.execute('VACUUM (ANALYZE)');
  if (parts.has('listeners')) {
    // V8 gives back what a flood of devices left behind when nothing has happened for a while.
    part(`the site rests for ${REST_SECONDS} s`);
    await pause(REST_SECONDS * 1_000);
  }
  // First: long pages would leave their memory behind.
  if (parts.has('listeners')) part('following live events');
  const live = parts.has('listeners')
    ? await measureListeners(site, { listeners, events, seconds, say })
    : undefined;
  if (parts.has('requests')) part('reading pages of devices');
  const requests = parts.has('requests') ? await measureRequests(site, seconds) : undefined;
  const postgres = await site.version();
  await site.stop();
  return { devices, postgres, requests, live };
}
