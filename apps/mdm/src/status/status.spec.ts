import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';

describeOnEachDatabase('the log of the site', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  beforeEach(async () => {
    harness = new MdmHarness(await open());
  });

  it('says that a device was taken over or checked out, and nothing of ordinary days', async () => {
    const device = await new SpecDevice(harness).enroll();
    await device.authenticate();
    await device.enroll();
    const told = async (): Promise<unknown[]> =>
      (await harness.events())
        .filter(({ subject }) => subject === 'status.mdm')
        .map(({ payload }) => [payload['messageId'], payload['enrollmentId']]);
    expect(await told()).toEqual([]);
    const other = new SpecDevice(harness, device.udid);
    await other.enroll();
    expect(await told()).toEqual([['enrollment-taken-over', device.udid]]);
    await other.checkOut();
    await other.checkOut();
    expect(await told()).toEqual([
      ['enrollment-taken-over', device.udid],
      ['enrollment-checked-out', device.udid],
    ]);
  });
});
