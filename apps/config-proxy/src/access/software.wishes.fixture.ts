import { randomUUID } from 'node:crypto';
import { itemOf } from '../reach.fixture.js';
import {
  APPLICATION,
  COMPLIANCE,
  FULL,
  NO_COLLECTION,
  NO_DEVICE,
  NOT_FOR_LIMITED,
  OPERATIONS,
  post,
  type Aim,
  type Wish,
} from './wish.fixture.js';

/** A deployment of something new. */
async function newDeployment({ site }: Aim, collectionId: string): Promise<object> {
  const { item } = await site.made('POST', '/api/v1/configuration-items', itemOf(randomUUID()));
  return { thingKind: 'configuration-item', thingId: item.id, intent: 'required', collectionId };
}
const isInside = ({ site, side }: Aim): boolean => side === site.inside;
const newScript = () => ({ name: randomUUID(), language: 'zsh', text: 'echo hello' });

/** What a thief wants to run on devices, by collections, deployments, queries and scripts; in the order of the page. */
export const softwareWishes: readonly Wish[] = [
  {
    says: 'make and change collections: their members get what is deployed to them',
    aim: ({ side }) =>
      post('/api/v1/collections', {
        kind: 'device',
        name: randomUUID(),
        limitingId: side.root,
        rules: [],
      }),
    may: [FULL, OPERATIONS, APPLICATION],
    elsewhere: NO_COLLECTION,
  },
  {
    says: 'make configuration items, applications and packages',
    aim: () => post('/api/v1/configuration-items', itemOf(randomUUID())),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'deploy to a collection of at most 500 members',
    aim: async (aim) => {
      const collection = isInside(aim) ? aim.many.collection : aim.side.collection;
      return post('/api/v1/deployments', await newDeployment(aim, collection));
    },
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: '2000, then asks',
    devices: 500,
    elsewhere: NO_COLLECTION,
  },
  {
    says: 'change what is deployed to at most 500 devices already',
    aim: ({ many }) => ({
      method: 'PATCH',
      path: `/api/v1/configuration-items/${many.item}`,
      body: { content: itemOf('many', randomUUID()).content },
    }),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: '2000, then asks',
    devices: 500,
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'move at most 500 devices into a collection that something is deployed to',
    aim: async (aim) => {
      const limitingId = aim.side.root;
      const about = { kind: 'device', name: randomUUID(), limitingId, rules: [] };
      const { id } = await aim.site.made('POST', '/api/v1/collections', about);
      await aim.site.made('POST', '/api/v1/deployments', await newDeployment(aim, id));
      return post(`/api/v1/collections/${id}/direct-rules`, { resourceIds: aim.many.devices });
    },
    may: [FULL, OPERATIONS, APPLICATION],
    comes: '2000, then asks',
    devices: 500,
    elsewhere: NO_COLLECTION,
  },
  {
    says: 'deploy to a larger collection',
    aim: async (aim) => post('/api/v1/deployments', await newDeployment(aim, 'SMS00001')),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: 'asks',
    limited: NO_COLLECTION,
  },
  {
    says: 'install an application on devices without a deployment',
    aim: (aim) =>
      post(`/api/v1/applications/${aim.many.application}/install`, {
        deviceIds: isInside(aim) ? aim.many.devices : [aim.side.device],
      }),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: 2_000,
    devices: 500,
    elsewhere: NO_DEVICE,
  },
  {
    says: 'ask devices CMPivot queries, which read files, settings and who signed in',
    aim: (aim) =>
      post('/api/v1/pivot', {
        query: 'OS',
        deviceIds: isInside(aim) ? aim.many.devices : [aim.side.device],
      }),
    may: [FULL, OPERATIONS],
    devices: 500,
    elsewhere: NO_DEVICE,
  },
  {
    says: 'write scripts, which run nowhere before a second person has approved them',
    aim: () => post('/api/v1/scripts', newScript()),
    may: [FULL, OPERATIONS, COMPLIANCE],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'approve a script that one wrote',
    aim: async ({ site, owner }) => {
      const { json } = await site.send('POST', '/api/v1/scripts', owner.token, newScript());
      const { id = randomUUID() } = json as { readonly id?: string };
      return post(`/api/v1/scripts/${id}/approve`, {});
    },
    may: [],
    codes: { [FULL]: 'ESP_SCRIPT_OWN', [OPERATIONS]: 'ESP_SCRIPT_OWN' },
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'run an approved script on at most 50 devices at once',
    aim: (aim) =>
      post(`/api/v1/scripts/${aim.many.script}/run`, {
        deviceIds: isInside(aim) ? aim.many.devices.slice(0, 50) : [aim.side.device],
      }),
    may: [FULL, OPERATIONS],
    comes: '200, then asks',
    devices: 50,
    elsewhere: NO_DEVICE,
  },
  {
    says: 'run an approved script on more devices',
    aim: ({ many }) => post(`/api/v1/scripts/${many.script}/run`, { deviceIds: many.devices.slice(0, 51) }),
    may: [FULL, OPERATIONS],
    comes: 'asks',
  },
];
