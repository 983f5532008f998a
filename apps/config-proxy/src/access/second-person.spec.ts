import { allApiScopes } from '@espalier/contracts';
import type { ReachHarness, SpecAdministrator } from '../reach.fixture.js';
import { ThiefHarness } from './thief.fixture.js';
import { reason } from './wish.fixture.js';

/** What docs/security.md says of how a second person cannot be made up. */
describe('a stolen token of a Full Administrator makes no second person', () => {
  let thieves: ThiefHarness;
  let site: ReachHarness;
  let other: SpecAdministrator;
  let thief: SpecAdministrator;
  let victim: SpecAdministrator;
  beforeAll(async () => {
    thieves = await ThiefHarness.start();
    ({ site, other } = thieves);
    thief = await thieves.hire('thief', 'full-administrator');
    victim = await thieves.hire('victim', 'full-administrator');
    thieves.rest();
  }, 60_000);
  afterAll(() => thieves.stop());

  const tokenFor = async (by: string, administratorId?: string): Promise<string> => {
    const body = { name: 'x', scopes: allApiScopes, administratorId };
    return String((await site.send('POST', '/api/v1/tokens', by, body)).json['secret']);
  };
  const change = (id: string, part: string, body: unknown) =>
    site.send('PUT', `/api/v1/administrators/${id}${part}`, thief.token, body);
  const lock = (token: string) =>
    site.send('POST', `/api/v1/enrollments/${site.inside.enrollment}/commands`, token, {
      command: { requestType: 'DeviceLock' },
    });
  async function erasedBy(asks: string, approves: string): Promise<unknown> {
    const path = `/api/v1/enrollments/${site.inside.enrollment}/commands`;
    const body = { command: { requestType: 'EraseDevice' } };
    const { json } = await site.send('POST', path, asks, body, reason);
    const id = String(json['id']);
    const sent = site.peer.byRequest.size;
    const answer = await site.send('POST', `/api/v1/approvals/${id}/approve`, approves, {});
    expect((await site.send('GET', `/api/v1/approvals/${id}`, thief.token)).json['state']).toBe(
      'needs-approval',
    );
    expect(site.peer.byRequest.size).toBe(sent);
    return answer.json['code'];
  }
  /** A Full Administrator of the thief's own making. */
  async function accomplice(name: string): Promise<string> {
    const { json } = await site.send('POST', '/api/v1/administrators', thief.token, { name });
    const id = String(json['id']);
    const assignments = [{ roleId: 'full-administrator', collectionIds: null }];
    expect((await change(id, '/assignments', { assignments })).status).toBe(200);
    return id;
  }

  it('with another token of the same person', async () => {
    expect(await erasedBy(thief.token, await tokenFor(thief.token))).toBe('ESP_APPROVAL_OWN');
  });

  it('with a token that it makes for another person, to approve or to ask', async () => {
    const foreign = await tokenFor(thief.token, victim.id);
    expect(await erasedBy(thief.token, foreign)).toBe('ESP_APPROVAL_OWN');
    expect(await erasedBy(foreign, thief.token)).toBe('ESP_APPROVAL_OWN');
  });

  it('with a token that is made with such a token, as if it were that person’s own', async () => {
    const laundered = await tokenFor(await tokenFor(await tokenFor(thief.token, victim.id)));
    expect(await erasedBy(laundered, thief.token)).toBe('ESP_APPROVAL_OWN');
    expect(await erasedBy(thief.token, laundered)).toBe('ESP_APPROVAL_OWN');
  });

  it('with an administrator that it makes, nor by what that one makes', async () => {
    const token = await tokenFor(thief.token, await accomplice('accomplice'));
    expect(await erasedBy(thief.token, token)).toBe('ESP_APPROVAL_OWN');
    expect(await erasedBy(token, other.token)).toBe('ESP_APPROVAL_REQUESTER_TOO_NEW');
    expect(await erasedBy(await tokenFor(token, victim.id), thief.token)).toBe('ESP_APPROVAL_OWN');
  });

  it('with an account that it enables again, or gives an identity to', async () => {
    const sleeper = await thieves.hire('sleeper', 'full-administrator');
    const fields = { name: 'sleeper', displayName: '' };
    await change(sleeper.id, '', { ...fields, isEnabled: false });
    thieves.rest();
    expect((await change(sleeper.id, '', { ...fields, isEnabled: true })).status).toBe(200);
    expect(await erasedBy(thief.token, sleeper.token)).toBe('ESP_APPROVAL_TOO_NEW');
    expect(await erasedBy(sleeper.token, thief.token)).toBe('ESP_APPROVAL_REQUESTER_TOO_NEW');
    const identities = ['kerberos:thief@CORP.EXAMPLE'];
    expect((await change(victim.id, '/identities', { identities })).status).toBe(200);
    expect(await erasedBy(victim.token, thief.token)).toBe('ESP_APPROVAL_REQUESTER_TOO_NEW');
  });

  it('nor another hundred locks with what it makes, however much that is', async () => {
    thieves.rest();
    for (let n = 0; n < 100; n += 1) expect((await lock(thief.token)).status).toBe(202);
    const accomplices = [await accomplice('first'), await accomplice('second')];
    for (const id of [undefined, victim.id, ...accomplices])
      expect((await lock(await tokenFor(thief.token, id))).json['code']).toBe('ESP_APPROVAL_CAP_REACHED');
    expect((await lock(other.token)).status).toBe(202);
  }, 30_000);

  it('and ends with the person’s account', async () => {
    const mine = await tokenFor(thief.token);
    const fields = { name: 'thief', displayName: '', isEnabled: false };
    await site.console.admin('PUT', `/api/v1/administrators/${thief.id}`, fields);
    for (const token of [thief.token, mine])
      expect((await lock(token)).json['code']).toBe('ESP_AUTH_ADMINISTRATOR_DISABLED');
  });
});
