import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { QueuedCommand } from '@espalier/contracts';
import type { ConsoleClient } from '../console/console.client.js';
import type { Suite } from '../suite/suite.js';
import { demoProfile } from './demo-profile.js';
import type { DeviceSim } from './device-sim.process.js';
import type { View } from './view.js';

const OPEN_STATES: readonly string[] = ['queued', 'sent', 'not-now'];
const POLL_MS = 200;
const PATIENCE_MS = 120_000;

/** The demonstration: devices enrol through the DMZ, are pushed, get a profile and answer; they stay online. */
export async function runMainJob(
  suite: Suite,
  client: ConsoleClient,
  sim: DeviceSim,
  deviceCount: number,
  view: View,
): Promise<void> {
  const known = await client.devices();
  const enrolled = known.filter((device) => device.state === 'enrolled' && device.kind === 'device').length;
  const missing = Math.max(0, deviceCount - enrolled);
  if (missing > 0) {
    view.step(`${missing} simulated devices enrol at ${suite.deviceUrl} through dmz-proxy`);
    const { url } = await client.createEnrollmentLink(missing);
    await sim.enroll(url, missing, ['--platform', 'mixed']);
  } else view.step(`${enrolled} devices are enrolled from before`);
  sim.run();
  await sendCommands(client, view);
}

async function sendCommands(client: ConsoleClient, view: View): Promise<void> {
  const devices = (await client.devices()).filter((device) => device.state === 'enrolled');
  const ids = devices.map((device) => device.id);
  if (ids.length === 0) return;
  const commands = [
    { requestType: 'DeviceInformation' },
    { requestType: 'InstallProfile', arguments: { Payload: { $data: demoProfile().toString('base64') } } },
    { requestType: 'ProfileList' },
  ];
  view.step(
    `an operator sends ${commands.map((command) => command.requestType).join(', ')} to ${ids.length} devices`,
  );
  const sent: QueuedCommand[] = [];
  for (const command of commands) sent.push(...(await client.submit(ids, command, randomUUID())).commands);
  await untilDone(
    client,
    sent.map((command) => command.id),
  );
  view.table(await client.devices());
}

async function untilDone(client: ConsoleClient, ids: readonly string[]): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (const id of ids)
    for (let state = ''; ;) {
      state = (await client.command(id)).command.state;
      if (!OPEN_STATES.includes(state)) break;
      if (Date.now() > deadline)
        throw new Error(`command ${id} is still ${state}; see logs/mdm.log in the state folder`);
      await pause(POLL_MS);
    }
}
