import { loadavg } from 'node:os';
import { join } from 'node:path';
import { makeCollections, measureChange, measureWholeEvaluation } from './collections.mjs';
import { measureInventoryBurst, measureStateBurst, measureStates } from './floods.mjs';
import { measureIntake } from './intake.mjs';
import { measurePages, measureSummaries } from './pages.mjs';
import { makeDeployments, measureRollout } from './rollout.mjs';
import { RunningSite } from './running-site.mjs';
import { Statements } from './statements.mjs';

/** Devices that are there before the collections: direct rules name them. */
const FIRST_DEVICES = 1_000;

/**
 * Everything at one size.
 * @param {number} devices
 * @param {import('./options.mjs').Options} options
 * @param {(text: string) => void} say
 * @param {AsyncDisposableStack} stack
 */
export async function measureSite(devices, options, say, stack) {
  const profile = options.profile && join(options.profile, String(devices));
  const site = await RunningSite.start({ profile, statements: options.statements });
  stack.defer(() => site.stop());
  const statements = new Statements(site.proxy, options.statements, say);
  /** @type {<T>(title: string, work: () => Promise<T>) => Promise<T>} */
  const part = async (title, work) => {
    say(`${devices} devices: ${title} (load ${loadavg()[0]?.toFixed(1)})`);
    await statements.forget();
    const done = await work();
    await statements.show(title);
    return done;
  };
  const { parts } = options;
  const first = Math.min(devices, FIRST_DEVICES);
  const intake = [
    await part(`${first} devices enrol`, () => measureIntake(site, { from: 1, to: first }, say)),
  ];
  const made = await part(`making ${options.collections} collections`, () =>
    makeCollections(site, options.collections),
  );
  if (devices > first)
    intake.push(
      await part(`${devices - first} devices enrol`, () =>
        measureIntake(site, { from: first + 1, to: devices }, say),
      ),
    );
  await site.proxy.execute('VACUUM (ANALYZE)');
  const collections = parts.has('collections')
    ? {
        whole: await part('evaluating all collections', () => measureWholeEvaluation(site)),
        change: await part('changing single devices', () => measureChange(site, devices)),
      }
    : undefined;
  const deployed = await part(`making ${options.deployments - 1} deployments`, () =>
    makeDeployments(site, made.ids, options.deployments - 1),
  );
  const rollout = parts.has('rollout')
    ? {
        plain: await part('deploying to all Macs', () =>
          measureRollout(site, { name: 'everywhere', devices, say }),
        ),
        killed: await part('deploying to all Macs, with a kill', () =>
          measureRollout(site, { name: 'in-spite-of-a-kill', devices, kill: true, say }),
        ),
      }
    : undefined;
  const deploymentIds = [...deployed.ids, ...(rollout === undefined ? [] : [rollout.plain.deploymentId])];
  const pages = parts.has('pages')
    ? {
        lists: await part('reading pages', () => measurePages(site)),
        summaries: await part('reading summaries', () => measureSummaries(site, deploymentIds)),
      }
    : undefined;
  // A disabled one: nothing but the flood says anything of it.
  const deploymentId = deployed.ids[1] ?? '';
  const floods = parts.has('floods')
    ? {
        stateBurst: await part('a burst of states', () => measureStateBurst(site, { deploymentId, devices })),
        inventoryBurst: await part('a burst of inventory', () => measureInventoryBurst(site, devices)),
        states: await part('states while the database stands still', () =>
          measureStates(site, { deploymentId, devices, pauseSeconds: options.pauseSeconds, say }),
        ),
      }
    : undefined;
  const postgres = await site.version();
  await site.stop();
  return {
    devices,
    postgres,
    intake,
    made: {
      seconds: made.madeSeconds,
      evaluatedSeconds: made.evaluatedSeconds,
      deploymentsSeconds: deployed.seconds,
    },
    collections,
    rollout,
    pages,
    floods,
  };
}
