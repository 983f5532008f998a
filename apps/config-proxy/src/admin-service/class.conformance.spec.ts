import type { Caller } from '../access/caller.js';
import type { Visibility } from '../access/visibility.service.js';
import { describeOnEachDatabase } from '@espalier/testing';
import { insertRows } from '@espalier/persistence';
import { parseQueryOptions } from '@espalier/odata';
import { unrestricted } from '../access/restrict.js';
import { configProxyMigrations } from '../migrations/index.js';
import {
  app,
  applications,
  device,
  enrolled,
  ResourceHarness,
  userEnrolled,
} from '../resources/resource.fixture.js';
import { adminServices } from './class.catalogue.js';
import type { AdminClass } from './class.model.js';
import { ClassReader } from './class.reader.js';
import { ClassStore } from './class.store.js';

const services = adminServices('DEV');
const classes = [...services.wmi.entities, ...services['v1.0'].entities];
const mac = { udid: 'UDID-1', serial: 'C02AAA', name: 'Straße' };
const DEVICE = 16_777_219;

describeOnEachDatabase('AdminService classes', { migrations: configProxyMigrations }, (open) => {
  let store: ClassStore;
  beforeAll(async () => {
    const db = await open();
    const harness = new ResourceHarness(db);
    await harness.enroll(enrolled(mac, 1_000), userEnrolled(mac, 'jane', 2_000));
    await harness.report(device(mac, 3_000), applications(mac, 3_000, app('Pages', '14.1')));
    await db.transaction((tx) =>
      insertRows(
        tx,
        'extension_data',
        Array.from({ length: 2_100 }, (_, index) => ({
          resource_id: DEVICE,
          property_name: `P${index}`,
          property_name_folded: `p${index}`,
          property_value: 'x',
          property_value_folded: 'x',
          updated_at: 1,
          updated_by: 'spec',
        })),
      ),
    );
    store = new ClassStore(db);
  });

  it.each(classes.map(({ name }) => name))('%s can be listed and counted', async (name) => {
    const from = classOf(name);
    const { rows } = await store.list(from, { restriction: unrestricted, limit: 10 });
    const count = await store.count(from, { restriction: unrestricted });
    expect(Math.min(count, 10)).toBe(rows.length);
    for (const row of rows) {
      const key = Object.fromEntries(
        from.keys.map((property) => [property, row[property] as string | number]),
      );
      expect(await store.get(from, key, unrestricted)).toMatchObject(key);
    }
  });

  it.each(classes.map(({ name }) => name))(
    'every column of %s can be ordered and filtered by',
    async (name) => {
      const from = classOf(name);
      for (const property of from.class.properties)
        for (const descending of [false, true]) {
          const { rows } = await store.list(from, {
            restriction: unrestricted,
            limit: 3,
            order: [{ property, descending }],
            condition: {
              kind: 'or',
              conditions: [
                { kind: 'is-null', property: { kind: 'property', alias: 'item', property } },
                {
                  kind: 'not',
                  condition: { kind: 'is-null', property: { kind: 'property', alias: 'item', property } },
                },
              ],
            },
            select: [property.name],
          });
          expect(rows.length).toBeLessThanOrEqual(3);
        }
    },
  );

  it('gives a long list in pages of a thousand whose links lead to its end', async () => {
    const reader = new ClassReader({ services, store, lazy: {}, visibility: everything });
    const entity = classOf('SMS_G_System_ExtensionData');
    const seen = new Set<unknown>();
    const sizes: number[] = [];
    const pieces: number[] = [];
    let rawQuery: string | undefined = "$filter=PropertyValue eq 'X'&$orderby=PropertyName desc&$top=2050";
    while (rawQuery !== undefined) {
      const body = await reader.list(entity, {
        context: { baseUrl: 'https://site/AdminService/wmi', server: 'site', siteCode: 'DEV' },
        route: 'wmi',
        visitor,
        options: parseQueryOptions(rawQuery),
        rawQuery,
        url: 'https://site/AdminService/wmi/SMS_G_System_ExtensionData',
      });
      const parts: string[] = [];
      for await (const part of Buffer.isBuffer(body) ? [body] : body) parts.push(part.toString());
      pieces.push(parts.filter((part) => part.includes('"PropertyName"')).length);
      const page = JSON.parse(parts.join('')) as Page;
      const rows = page.value;
      sizes.push(rows.length);
      for (const row of rows) seen.add(row.PropertyName);
      rawQuery = page['@odata.nextLink']?.split('?')[1];
    }
    expect(sizes).toEqual([1_000, 1_000, 50]);
    // No more rows than 250 are in memory at once.
    expect(pieces).toEqual([4, 4, 1]);
    expect(seen.size).toBe(2_050);
  });
});

interface Page {
  readonly value: readonly { readonly PropertyName: string }[];
  readonly '@odata.nextLink'?: string;
}

const classOf = (name: string): AdminClass => {
  const found = classes.find((item) => item.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

const everything = { devices: () => unrestricted, collections: () => unrestricted } as unknown as Visibility;
const visitor = {
  caller: {} as Caller,
  asked: { key: 'key', reason: undefined },
  need: () => undefined,
};
