import { ReachHarness, type Side, type SpecAdministrator } from '../reach.fixture.js';

const CODE = 'canary-bypass-4711';
const TOKEN = Buffer.from('canary-unlock-4712').toString('base64');

/** Answers of devices that open them are secrets, whoever asked for them. */
describe('answers of devices', () => {
  let site: ReachHarness;
  let analyst: SpecAdministrator;
  let helpdesk: SpecAdministrator;
  beforeAll(async () => {
    site = await ReachHarness.start();
    analyst = await site.administrator('analyst', 'read-only-analyst', null);
    helpdesk = await site.administrator('helpdesk', 'helpdesk', null);
    // Sees the commands of all devices, and the secrets of those inside.
    await site.console.admin('PUT', `/api/v1/administrators/${helpdesk.id}/assignments`, {
      assignments: [
        { roleId: 'helpdesk', collectionIds: [site.inside.root] },
        { roleId: 'remote-tools-operator', collectionIds: null },
      ],
    });
    for (const { command } of [site.inside, site.outside])
      site.peer.results.set(command, {
        Status: 'Acknowledged',
        ActivationLockBypassCode: CODE,
        UnlockToken: { $data: TOKEN },
      });
  }, 60_000);
  afterAll(() => site.stop());

  const read = ({ token }: SpecAdministrator, { command }: Side) =>
    site.send('GET', `/api/v1/commands/${command}`, token);
  const readings = () =>
    site.db.query(
      "SELECT actor_id, outcome, action FROM {audit_record} WHERE action = 'readCommandSecret' ORDER BY sequence",
    );

  it('keep what opens a device from whoever may only see commands', async () => {
    for (const [who, side] of [
      [analyst, site.inside],
      [helpdesk, site.outside],
    ] as const) {
      const { status, json, text } = await read(who, side);
      expect([status, json['result']]).toEqual([
        200,
        {
          Status: 'Acknowledged',
          ActivationLockBypassCode: '(needs secrets:read)',
          UnlockToken: '(needs secrets:read)',
        },
      ]);
      expect(text).not.toContain(TOKEN);
    }
    expect(await readings()).toEqual([]);
  });

  it('show it to whoever may read secrets of that device, and record each reading', async () => {
    const { json } = await read(helpdesk, site.inside);
    expect(json['result']).toMatchObject({ ActivationLockBypassCode: CODE, UnlockToken: { $data: TOKEN } });
    expect(await readings()).toEqual([
      { actor_id: helpdesk.id, outcome: 'succeeded', action: 'readCommandSecret' },
    ]);
    const log = JSON.stringify(await site.db.query('SELECT * FROM {audit_record}'));
    expect(log).toContain(site.inside.command);
    expect(log).not.toContain('canary');
  });

  it('show nothing that cannot be recorded', async () => {
    await site.db.execute('ALTER TABLE {audit_record} RENAME TO audit_gone');
    const { status, json, text } = await read(helpdesk, site.inside);
    await site.db.execute('ALTER TABLE audit_gone RENAME TO {audit_record}');
    expect([status, json['code']]).toEqual([503, 'ESP_AUDIT_UNAVAILABLE']);
    expect(text).not.toContain(CODE);
    expect((await read(helpdesk, site.inside)).status).toBe(200);
  });
});
