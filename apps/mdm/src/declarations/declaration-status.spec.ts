import type { Declaration } from '@espalier/contracts';
import { buildStatusReport, type DeclarationState } from '@espalier/mdm-protocol';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice, type Answer } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';
import { advertised, declaration, setOn, state, statusEvents } from './declarations.fixture.js';

describeOnEachDatabase('the status of declarations', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  beforeEach(async () => {
    harness = new MdmHarness(await open());
  });

  const set = (
    devices: readonly SpecDevice[],
    declarations: readonly Declaration[],
  ): ReturnType<typeof setOn> => setOn(harness, devices, declarations);
  const told = (identifier: string): unknown => expect.objectContaining({ identifier }) as unknown;

  it('that is merged, or replaced by a full report, and told of', async () => {
    const device = await new SpecDevice(harness).enroll();
    const { declarationsToken } = await set([device], [declaration('a'), declaration('b')]);
    const reasons = [{ code: 'Error.X', description: 'why' }];
    const send = (full: boolean, declarations: DeclarationState[]): Promise<Answer> =>
      device.declarative('status', buildStatusReport({ full, declarations }));
    expect(await send(false, [state('a'), state('b')])).toMatchObject({
      status: 200,
      body: Buffer.alloc(0),
    });
    const invalid = state('b', { valid: 'invalid', active: false, reasons });
    await send(false, [invalid]);
    const { status, statusAt, ...rest } = await harness.rooms.rpc.declarations.get(device.udid);
    expect(status).toEqual([state('a'), invalid]);
    expect(statusAt).toBe(harness.now.getTime());
    expect(rest.declarationsToken).toBe(declarationsToken);
    const { identifier, type, serverToken } = declaration('a');
    expect(rest.declarations).toContainEqual({ identifier, type, serverToken });
    await send(true, [state('a')]);
    expect((await harness.rooms.rpc.declarations.get(device.udid)).status).toEqual([state('a')]);
    expect(await statusEvents(harness)).toEqual([
      expect.objectContaining({
        enrollmentId: device.udid,
        full: false,
        declarations: [told('a'), told('b')],
      }),
      expect.objectContaining({ full: false, declarations: [invalid] }),
      expect.objectContaining({ full: true, declarations: [told('a')] }),
    ]);
  });

  it('that has no ghosts: what went away is named in no report', async () => {
    const device = await new SpecDevice(harness).enroll();
    await set([device], [declaration('a'), declaration('b')]);
    await advertised(device);
    const send = (...names: string[]): Promise<Answer> =>
      device.declarative(
        'status',
        buildStatusReport({ full: false, declarations: names.map((name) => state(name)) }),
      );
    await send('a', 'b');
    await set([device], [declaration('b')]);
    const names = async (): Promise<string[]> =>
      (await harness.rooms.rpc.declarations.get(device.udid)).status.map((one) => one.identifier);
    await send();
    expect(await names()).toEqual(['a', 'b']);
    await advertised(device);
    await send();
    expect(await names()).toEqual(['b']);
  });

  it('that a report on other things leaves alone', async () => {
    const device = await new SpecDevice(harness).enroll();
    await device.declarative('status', buildStatusReport({ full: false, declarations: [state('a')] }));
    await device.declarative('status', buildStatusReport({ full: true }));
    expect((await harness.rooms.rpc.declarations.get(device.udid)).status).toHaveLength(1);
    expect(await statusEvents(harness)).toHaveLength(1);
  });

  it('of which two reports at once lose nothing', async () => {
    const device = await new SpecDevice(harness).enroll();
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(
      names.map((name) =>
        device.declarative('status', buildStatusReport({ full: false, declarations: [state(name)] })),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    const { status } = await harness.rooms.rpc.declarations.get(device.udid);
    expect(status.map((one) => one.identifier).sort()).toEqual(names);
  });

  it('that fits into one message whatever the device says', async () => {
    const device = await new SpecDevice(harness).enroll();
    const reasons = Array.from({ length: 5 }, () => ({ code: 'c', description: 'x'.repeat(90) }));
    const declarations = Array.from({ length: 1_000 }, (_, n) => state(`d${n}`, { reasons }));
    const answer = await device.declarative('status', buildStatusReport({ full: true, declarations }));
    expect(answer.status).toBe(200);
    expect((await statusEvents(harness))[0]?.['declarations']).toHaveLength(1_000);
  });
});
