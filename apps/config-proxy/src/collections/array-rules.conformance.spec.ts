import { describeOnEachDatabase } from '@espalier/testing';
import {
  device,
  enrolled,
  ResourceHarness,
  resourceMigrations,
  type SpecMac,
} from '../resources/resource.fixture.js';
import { CollectionHarness } from './collection.fixture.js';

const lab: SpecMac = { udid: 'UDID-1', serial: 'C02AAA' };
const desk: SpecMac = { udid: 'UDID-2', serial: 'C02BBB' };
const [LAB, DESK] = [0, 1];

/** Rules over what a device has several of, from the reports of devices to members. */
describeOnEachDatabase('rules over arrays', { migrations: resourceMigrations }, (open) => {
  let resources: ResourceHarness;
  let collections: CollectionHarness;
  beforeEach(async () => {
    const db = await open();
    resources = new ResourceHarness(db);
    collections = new CollectionHarness(db);
    await collections.seed();
    await resources.enroll(enrolled(lab, 1_000), enrolled(desk, 1_000));
    await resources.report(
      device(lab, 2_000, { ethernetMacs: ['02:00:00:00:00:01'] }),
      device(desk, 2_000, { ethernetMacs: [], wifiMac: '08:00:00:00:00:01', bluetoothMac: null }),
    );
    await collections.settle();
  });

  const where = async (condition: string): Promise<string> => {
    const query = `select SMS_R_SYSTEM.ResourceID from SMS_R_System where ${condition}`;
    const id = await collections.make(condition, { rules: [{ kind: 'query', name: 'q', query }] });
    await collections.settle();
    return id;
  };

  it('follow the adapters of a device when it reports others', async () => {
    const any = await where('SMS_R_System.MACAddresses like "02:%"');
    const none = await where(
      'ResourceId not in (select ResourceId from SMS_R_System where MACAddresses like "02:%")',
    );
    expect([await collections.members(any), await collections.members(none)]).toEqual([[LAB], [DESK]]);
    await resources.report(
      device(lab, 3_000, { ethernetMacs: [] }),
      device(desk, 3_000, { ethernetMacs: ['02:00:00:00:00:02'] }),
    );
    await collections.settle();
    expect([await collections.members(any), await collections.members(none)]).toEqual([[DESK], [LAB]]);
  });

  it('follow what discovered a device: its enrolment, then its first report', async () => {
    const reported = await where('AgentName = "MDM device information" and AgentSite = "dev"');
    const late: SpecMac = { udid: 'UDID-3', serial: 'C02CCC' };
    await resources.enroll(enrolled(late, 4_000));
    await collections.settle();
    const silent = await where(
      'AgentName = "MDM enrollment" and ResourceId not in (select ResourceId from SMS_R_System where AgentName = "MDM device information")',
    );
    expect([await collections.members(reported), await collections.members(silent)]).toEqual([
      [LAB, DESK],
      [2],
    ]);
    // It tells nothing of itself that its enrolment did not tell.
    await resources.report(device(late, 5_000, { localHostName: null }));
    await collections.settle();
    expect([await collections.members(reported), await collections.members(silent)]).toEqual([
      [LAB, DESK, 2],
      [],
    ]);
  });

  it('follow the time of an agent when a device enrols again', async () => {
    const silent: SpecMac = { udid: 'UDID-3', serial: 'C02CCC' };
    await resources.enroll(enrolled(silent, 2_000));
    const again = await where('AgentName = "MDM enrollment" and AgentTime > "1970-01-01T00:00:03Z"');
    expect(await collections.members(again)).toEqual([]);
    await resources.enroll(enrolled(silent, 4_000));
    await collections.settle();
    expect(await collections.members(again)).toEqual([2]);
  });
});
