import type { DeploymentSummary } from '@espalier/contracts';
import { until, type SiteClient, type SiteDevice } from '../console/site.client.js';
import { demoProfile } from './demo-profile.js';
import type { DeviceSim } from './device-sim.process.js';
import type { View } from './view.js';

const BASELINE = 'Espalier demonstration';
const PILOT = 'Espalier pilot';
const LOGIN_WINDOW = 'io.espalier.demo.login';
const PILOT_PROFILE = 'io.espalier.demo.pilot';

interface Demonstration {
  readonly site: SiteClient;
  readonly sim: DeviceSim;
  readonly view: View;
}

/**
 * The site core at work: a baseline is deployed to "All Macs", every Mac complies; a user removes the profile and it is
 * mended; a device leaves a collection and loses what it brought. Where the deployment exists, only tells how it stands.
 */
export async function demonstrateSite(demo: Demonstration): Promise<void> {
  const { site, view } = demo;
  const [standing] = await site.all<{ id: string }>('/api/v1/deployments', {
    filter: `name eq '${BASELINE}'`,
  });
  if (standing !== undefined) {
    view.step(`the baseline is deployed from before: ${inWords(await site.summary(standing.id))}`);
    return;
  }
  const macs = await allMacs(demo);
  if (macs.length === 0) return view.step('no Mac among the devices: nothing to deploy to "All Macs"');
  const deploymentId = await deployBaseline(demo, macs.length);
  const [mac] = macs;
  if (mac === undefined) return;
  await drift(demo, mac, deploymentId);
  await pilot(demo, mac);
  const { explanations } = await site.explain(mac.resourceId, deploymentId);
  view.step(`why has ${mac.name} got it? ${explanations[0]?.answer ?? ''}`);
}

/** Resolves when every enrolled Mac is in the collection that fills by itself. */
async function allMacs({ site, view }: Demonstration): Promise<SiteDevice[]> {
  const macs = await until('every Mac is in the collection "All Macs"', async () => {
    const collection = await site.collection('All Macs');
    const devices = await site.devices("platform eq 'mac'");
    const complete = collection !== undefined && collection.memberCount === devices.length;
    return complete ? devices : undefined;
  });
  view.step(
    `the collection "All Macs" has filled by itself: ${macs.length} of ${(await site.devices()).length} devices`,
  );
  return macs;
}

async function deployBaseline({ site, view }: Demonstration, macs: number): Promise<string> {
  view.step(
    'an admin imports a .mobileconfig and a declaration, and deploys both as a baseline to "All Macs"',
  );
  const profile = await site.importProfile(demoProfile(LOGIN_WINDOW, 'Managed by Espalier'), 'Login window');
  const passcode = await site.createDeclaration('Passcode', {
    Type: 'com.apple.configuration.passcode.settings',
    Identifier: 'io.espalier.demo.passcode',
    Payload: { RequirePasscode: true, MinimumLength: 6 },
  });
  const baseline = await site.createBaseline(BASELINE, [profile, passcode]);
  const collection = await site.collection('All Macs');
  const { id } = await site.deploy({
    thingKind: 'baseline',
    thingId: baseline,
    collectionId: collection?.id ?? '',
    name: BASELINE,
  });
  let told = '';
  await until(`${macs} Macs comply`, async () => {
    const summary = await site.summary(id);
    const words = inWords(summary);
    if (words !== told) view.step(words);
    told = words;
    return summary.counts.success === macs ? summary : undefined;
  });
  return id;
}

/** A user removes the profile; the next look at the device finds it, and mends it. */
async function drift(
  { site, sim, view }: Demonstration,
  mac: SiteDevice,
  deploymentId: string,
): Promise<void> {
  const removedAt = Date.now();
  view.step(`the user of ${mac.name} removes the profile`);
  await sim.tell({ do: 'remove-profile', serial: mac.serialNumber ?? '', identifier: LOGIN_WINDOW });
  await site.evaluate(mac.resourceId);
  await until('the profile is there again', async () => {
    const devices = await site.deploymentDevices(deploymentId);
    const found = devices.find(({ resourceId }) => resourceId === mac.resourceId);
    const mended = found?.status === 'success' && (found.steps.verifiedAt ?? 0) > removedAt;
    return mended ? found : undefined;
  });
  view.step('the drift was seen and mended');
}

/** A device is in a collection for a while; then what came with it goes with it, and the deployment too. */
async function pilot({ site, view }: Demonstration, mac: SiteDevice): Promise<void> {
  const collection = await site.createCollection(PILOT, { directResourceIds: [mac.resourceId] });
  const thingId = await site.importProfile(demoProfile(PILOT_PROFILE, 'You are a pilot'), PILOT);
  const { id } = await site.deploy({
    thingKind: 'configuration-item',
    thingId,
    collectionId: collection.id,
    name: PILOT,
  });
  await until('the pilot complies', async () =>
    (await site.summary(id)).counts.success === 1 ? true : undefined,
  );
  view.step(`${mac.name} joined the collection "${PILOT}" and has what is deployed to it`);
  await site.removeDirectRules(collection.id, [mac.resourceId]);
  await until('the pilot profile is gone', async () => {
    const states = await site.states(mac.resourceId);
    return states.some(({ topicId }) => topicId.startsWith(id)) ? undefined : true;
  });
  view.step(`${mac.name} left it and lost the profile`);
  await site.deleteDeployment(id);
  view.step('the deployment was deleted; nothing of it is left');
}

function inWords({ counts }: DeploymentSummary): string {
  const { targeted, success, inProgress, error } = counts;
  const rest = [inProgress > 0 && `${inProgress} in progress`, error > 0 && `${error} in error`].filter(
    Boolean,
  );
  return [`${success} of ${targeted} devices comply`, ...rest].join(', ');
}
