import { randomUUID } from 'node:crypto';
import { submitCommand } from '@espalier/contracts';
import { describeOnEachDatabase } from '@espalier/testing';
import type { z } from 'zod';
import { MdmHarness, SpecDevice } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';

describeOnEachDatabase('submissions to many', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  beforeEach(async () => {
    harness = new MdmHarness(await open());
  });

  function request(ids: readonly string[], over: object = {}): z.output<typeof submitCommand.request> {
    return submitCommand.request.parse({
      requestId: randomUUID(),
      enrollmentIds: ids,
      command: { requestType: 'ProfileList' },
      createdBy: 'spec',
      onInactive: 'skip',
      ...over,
    });
  }

  const count = async (table: string): Promise<number> =>
    (await harness.db.query<{ n: number }>(`SELECT COUNT(*) AS n FROM {${table}}`))[0]?.n ?? -1;

  it('leave out who is unknown, not enrolled yet, or gone, and say whom; again too', async () => {
    const active = await new SpecDevice(harness).enroll();
    const gone = await new SpecDevice(harness).enroll();
    await gone.checkOut();
    const pending = new SpecDevice(harness);
    await pending.authenticate();
    const submission = request([pending.udid, 'nobody', active.udid, gone.udid, active.udid]);
    const first = await harness.rooms.rpc.commands.submit(submission);
    expect(first.commands.map((command) => command.enrollmentId)).toEqual([active.udid]);
    expect(first.skipped).toEqual([pending.udid, 'nobody', gone.udid]);
    // What was left out stays left out, even where it could get the command by now.
    await pending.tokenUpdate();
    expect(await harness.rooms.rpc.commands.submit(submission)).toEqual(first);
    await expect(
      harness.rooms.rpc.commands.submit({ ...submission, onInactive: 'refuse' }),
    ).rejects.toMatchObject({ code: 'ESP_MDM_REQUEST_ID_REUSED' });
  });

  it('to nobody at all queue nothing, are remembered, and are pruned in time', async () => {
    const submission = request(['nobody'], {
      command: { requestType: 'DeviceInformation', arguments: { Queries: ['UDID'] } },
    });
    const first = await harness.rooms.rpc.commands.submit(submission);
    expect(first).toMatchObject({ commands: [], skipped: ['nobody'] });
    expect(await harness.rooms.rpc.commands.submit(submission)).toEqual(first);
    await expect(
      harness.rooms.rpc.commands.submit(request(['nobody'], { command: { requestType: 'NoSuchThing' } })),
    ).rejects.toMatchObject({ code: 'ESP_MDM_COMMAND_INVALID' });
    harness.now = new Date(Date.now() + 31 * 86_400_000);
    await harness.rooms.retention.run();
    expect(await count('command')).toBe(0);
  });

  it('still refuse all where nobody may be left out', async () => {
    const active = await new SpecDevice(harness).enroll();
    await expect(
      harness.rooms.rpc.commands.submit(request([active.udid, 'nobody'], { onInactive: 'refuse' })),
    ).rejects.toMatchObject({ code: 'ESP_MDM_ENROLLMENT_UNKNOWN' });
    expect(await count('queued_command')).toBe(0);
  });

  it('of the largest size queue, tell of and push each target once, by a few statements', async () => {
    const ids = Array.from({ length: 1_000 }, (_, n) => `D${n}`);
    for (const id of ids)
      await harness.db.execute(
        `INSERT INTO {enrollment} (id, kind, device_id, state, authenticated_at)
         VALUES (:id, 'device', :id, 'enrolled', 1)`,
        { id },
      );
    const { commands, skipped } = await harness.rooms.rpc.commands.submit(request(ids));
    expect(skipped).toEqual([]);
    expect(new Set(commands.map((command) => command.enrollmentId)).size).toBe(1_000);
    const told = (await harness.events()).map((event) => event.payload['id']);
    expect(told).toHaveLength(1_000);
    expect(new Set(told)).toEqual(new Set(commands.map((command) => command.id)));
    expect(await count('push_schedule')).toBe(1_000);
  });
});
