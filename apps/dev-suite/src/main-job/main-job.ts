import type { ConsoleClient } from '../console/console.client.js';
import { SiteClient } from '../console/site.client.js';
import type { Suite } from '../suite/suite.js';
import type { DeviceSim } from './device-sim.process.js';
import { demonstrateSite } from './site-demo.js';
import type { View } from './view.js';

/** The demonstration: devices enrol through the DMZ, and get what is deployed to them; they stay online. */
export async function runMainJob(
  suite: Suite,
  client: ConsoleClient,
  sim: DeviceSim,
  deviceCount: number,
  view: View,
): Promise<void> {
  const known = await client.enrollments();
  const enrolled = known.filter((device) => device.state === 'enrolled' && device.kind === 'device').length;
  const missing = Math.max(0, deviceCount - enrolled);
  if (missing > 0) {
    view.step(`${missing} simulated devices enrol at ${suite.deviceUrl} through dmz-proxy`);
    const { url } = await client.createEnrollmentLink(missing);
    // Macs first: what is deployed goes to them.
    const macs = Math.ceil(missing / 2);
    await sim.enroll(url, macs, ['--platform', 'mac']);
    if (missing > macs) await sim.enroll(url, missing - macs, ['--platform', 'mixed']);
  } else view.step(`${enrolled} devices are enrolled from before`);
  sim.run();
  await demonstrateSite({ site: new SiteClient(client), sim, view });
  view.table(await client.enrollments());
}
