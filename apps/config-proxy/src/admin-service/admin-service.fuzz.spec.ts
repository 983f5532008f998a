import { scrapsOf } from '@espalier/testing';
import fc from 'fast-check';
import { AdminServiceHarness, FIRST_DEVICE } from './admin-service.fixture.js';

const PATHS = [
  'wmi/SMS_R_System',
  'wmi/SMS_CombinedDeviceResources',
  'wmi/SMS_Collection',
  'wmi/SMS_CM_RES_COLL_SMS00001',
  'wmi/SMS_Scripts',
  "wmi/SMS_Collection('SMS00001')",
  `v1.0/Device(${FIRST_DEVICE})/ResourceCollectionMembership`,
  'v1.0/Device/AdminService.GetExtensionData',
  'v1.0/Device',
  'wmi',
];
const PIECES =
  "$filter=|$select=|$orderby=|$top=|$skip=|$count=true|$expand=|$skiptoken=|&|Name|ResourceId|IsClient|LastActiveTime|MACAddresses|CollectionRules|*| eq | ne | gt | in | and | or |not |'a'|'it''s'|%27|5|-1|1e9|2147483648|9007199254740993|true|null|now()|tolower(|contains(|startswith(|Name,|'Lab'|)|(|/any(x: x|/all(x:|/$count|,| desc| asc|+|%|%00|%E4|%F0%9F%98%80|{|[|;|@p1|$it|2026-11-21|2026-99-99|guid'x'|'".split(
    '|',
  );

/** Percent signs stay as they are, right or wrong; clients send nothing but ASCII. */
const sendable = (text: string): string =>
  text.toWellFormed().replaceAll(/[^!-~]+/g, (piece) => encodeURIComponent(piece));

describe('generated requests through the whole door', () => {
  let site: AdminServiceHarness;
  beforeAll(async () => {
    site = await AdminServiceHarness.start();
  }, 60_000);
  afterAll(() => site.stop());

  it('are answered, or refused in the shape of AdminService', async () => {
    const tails = fc.tuple(fc.constantFrom('?', '?', '?$filter=', '/', '('), scrapsOf(PIECES, [''], 12));
    const requests = fc.sample(fc.tuple(fc.constantFrom(...PATHS), tails), { numRuns: 600, seed: 5 });
    const statuses = new Set<number>();
    for (const [path, [mark, scraps]] of requests) {
      const { status, json, text } = await site.admin('GET', `${path}${mark}${sendable(scraps)}`);
      statuses.add(status);
      if (status !== 200)
        expect([path, mark, scraps, status, json.error]).toEqual([
          path,
          mark,
          scraps,
          status,
          expect.objectContaining({ code: String(status), message: expect.any(String) }),
        ]);
      else expect(text).not.toBe('');
    }
    expect([...statuses].sort((a, b) => a - b)).toEqual([200, 400, 404, 501]);
  }, 60_000);
});
