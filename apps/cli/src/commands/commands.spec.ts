import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answer } from '../connection/scripted-server.fixture.js';
import { ScriptedCli } from '../scripted-cli.fixture.js';

const ID = '0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10';

/** What commands ask the server for, and make of its answers. The real server is in dev-suite's cli.e2e.spec. */
describe('a command', () => {
  const cli = new ScriptedCli();
  const run = cli.run.bind(cli);

  beforeAll(() => cli.start());
  beforeEach(() => cli.reset());
  afterAll(() => cli.stop());

  describe('about approvals', () => {
    const approval = (state: string) => ({
      id: ID,
      kind: 'erase',
      state,
      summary: 'Erase mac-1.',
      reason: 'lost',
      targets: [{ type: 'enrollment', id: 'U1' }],
      deviceCount: 1,
      requester: { id: '1', name: 'anna' },
      createdAt: 0,
      expiresAt: 0,
      decidedBy: null,
      decidedAt: null,
      decisionReason: null,
      outcome: null,
      version: 7,
    });

    it('approves exactly what it has shown, and only who says so', async () => {
      cli.script = ({ method }, response) =>
        answer(response, 200, approval(method === 'GET' ? 'needs-approval' : 'approved'));
      expect(await run('approve', ID)).toMatchObject({
        code: 2,
        stdout: expect.stringContaining('Erase mac-1.'),
      });
      expect(cli.seen.map(({ method }) => method)).toEqual(['GET']);
      expect(await run('approve', ID, '--yes', '--reason', 'she called me')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/It is approved\.\n$/),
      });
      expect(cli.seen.at(-1)).toMatchObject({
        url: `/api/v1/approvals/${ID}/approve`,
        headers: { 'if-match': '"7"' },
      });
      expect(cli.sent).toEqual({ reason: 'she called me' });
    });

    it.each([
      ['completed', 0],
      ['rejected', 4],
      ['expired', 1],
    ])('waits until one is %s, and ends with %d', async (end, code) => {
      cli.script = (_, response) =>
        answer(response, 200, approval(cli.seen.length < 2 ? 'needs-approval' : end));
      expect(await run('approvals', 'watch', ID)).toMatchObject({
        code,
        stderr: expect.stringContaining('second person'),
      });
    });
  });

  it('that imports what an item has already says that there is no new revision', async () => {
    const revision = { revision: 3, createdAt: 0, createdBy: 'me', note: '', warnings: [] };
    let now = 3;
    cli.script = ({ method, url: at }, response) => {
      const item = {
        ...revision,
        id: ID,
        revision: method === 'POST' ? now : 3,
        platforms: [],
        categories: [],
      };
      answer(response, 200, at.includes('filter=') ? { items: [item] } : { item, latest: revision });
    };
    const file = join(cli.folder, 'banner.mobileconfig');
    writeFileSync(file, 'x');
    const same = await run('items', 'import', file, '--to', 'Banner');
    expect([same.code, same.stderr]).toEqual([0, 'It is the same as revision 3: there is no new one.\n']);
    now = 4;
    expect(await run('items', 'import', file, '--to', 'Banner')).toMatchObject({ code: 0, stderr: '' });
  });

  describe('about the audit log', () => {
    it('ends with 1 where a record cannot be relied on', async () => {
      const job = {
        id: ID,
        title: 'Verification',
        total: 9,
        done: 9,
        failed: 1,
        createdAt: 0,
        startedAt: 0,
        createdBy: 'me',
      };
      const messages = ['Record 4 was changed.'];
      cli.script = ({ method }, response) =>
        answer(response, 200, {
          ...job,
          messages,
          ...(method === 'POST'
            ? { state: 'queued', finishedAt: null }
            : { state: 'succeeded', finishedAt: 1 }),
        });
      expect(await run('audit', 'verify', '--from', '3')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('Record 4'),
      });
      expect(JSON.parse(cli.seen[0]?.body ?? '')).toEqual({ from: 3 });
    });

    it('shows what was done to a device with what was sent to its enrolments, each record once', async () => {
      const record = (sequence: number) => ({
        sequence,
        at: 0,
        actor: null,
        action: `no ${sequence}`,
        targets: [],
      });
      const done: Record<string, readonly number[]> = { 'device:7': [4, 2], 'enrollment:U1': [5, 4] };
      cli.script = ({ url: at }, response) => {
        const { pathname, searchParams } = new URL(at, cli.url);
        if (pathname.startsWith('/api/v1/devices/'))
          answer(response, 200, { enrollments: [{ enrollmentId: 'U1' }] });
        else if (pathname === '/api/v1/devices') answer(response, 200, { items: [{ resourceId: 7 }] });
        else answer(response, 200, { items: done[searchParams.get('target') ?? '']?.map(record) });
      };
      const { code, stdout } = await run('audit', 'list', '--device', 'mac-7', '--json');
      const { items } = JSON.parse(stdout) as { items: { sequence: number }[] };
      expect([code, items.map(({ sequence }) => sequence)]).toEqual([0, [5, 4, 2]]);
    });

    it('exports it byte for byte, and says so where it is not whole', async () => {
      const lines = '{"hash":"a","record":{}}\n{"checkpoint":1}\n';
      cli.script = (_, response) => response.end(lines);
      const file = join(cli.folder, 'audit.jsonl');
      expect(await run('audit', 'export', '--output', file)).toMatchObject({ code: 0 });
      expect(readFileSync(file, 'utf8')).toBe(lines);
      expect(await run('audit', 'export')).toMatchObject({ code: 0, stdout: lines });
      cli.script = (_, response) => response.write(lines, () => response.destroy());
      expect(await run('audit', 'export', '--from', '5')).toMatchObject({
        code: 6,
        stderr: expect.stringContaining('--from'),
      });
      expect(cli.seen.at(-1)?.url).toBe('/api/v1/audit/export?from=5');
    });
  });

  it('sends arguments as they were meant: texts keep their zeros, JSON is JSON', async () => {
    cli.script = ({ url, method }, response) => {
      if (method === 'POST') answer(response, 202, { commandId: ID, commands: [] });
      else if (url.startsWith('/api/v1/devices/'))
        answer(response, 200, { enrollments: [{ enrollmentId: 'U1', kind: 'device', isActive: true }] });
      else answer(response, 200, { items: [{ resourceId: 7, name: 'mac', state: 'active' }] });
    };
    const pin = [
      '--argument',
      'PIN=012345',
      '--argument',
      'Queue:=["a",1]',
      '--arguments',
      '{"Message":"x=y"}',
    ];
    expect(await run('commands', 'send', 'DeviceLock', 'mac', '--yes', '--no-push', ...pin)).toMatchObject({
      code: 0,
    });
    expect(cli.sent).toEqual({
      enrollmentIds: ['U1'],
      command: { requestType: 'DeviceLock', arguments: { Message: 'x=y', PIN: '012345', Queue: ['a', 1] } },
      push: false,
    });
    expect(
      await run('commands', 'send', 'DeviceLock', 'mac', '--yes', '--argument', 'A:=nope'),
    ).toMatchObject({ code: 2 });
  });

  it('changes only what it has seen: of others it keeps what it does not know', async () => {
    const before = {
      variables: [
        { name: 'Room', value: '7', isMasked: false },
        { name: 'Wifi', value: null, isMasked: true },
      ],
      version: 4,
    };
    cli.script = ({ url, method }, response) => {
      if (method === 'PUT') answer(response, 412, { title: 'It was changed meanwhile.' });
      else if (url.endsWith('/variables')) answer(response, 200, before);
      else answer(response, 200, { items: [{ resourceId: 7, name: 'mac', state: 'active' }] });
    };
    expect(await run('variables', 'set', 'room=8', 'A=', '--device', 'mac')).toMatchObject({ code: 5 });
    expect(cli.seen.at(-1)).toMatchObject({
      method: 'PUT',
      url: '/api/v1/devices/7/variables',
      headers: { 'if-match': '"4"' },
    });
    expect(cli.sent).toEqual({
      variables: [
        { name: 'Wifi', isMasked: true },
        { name: 'room', value: '8', isMasked: false },
        { name: 'A', value: '', isMasked: false },
      ],
    });
  });

  it('deploys by the clock that is meant', async () => {
    cli.script = ({ url, method }, response) => {
      const item = { id: url.includes('collections') ? 'ESP00014' : ID, name: 'x' };
      const isOther = /configuration-items|applications|packages/.test(url);
      if (method === 'POST') answer(response, 409, { title: 'Enough.' });
      else answer(response, 200, { items: isOther ? [] : [item] });
    };
    const at = ['--start', '2026-12-01T08:00', '--deadline', '2026-12-02 18:00'];
    expect(await run('deploy', 'x', 'x', ...at, '--priority', 'high')).toMatchObject({ code: 5 });
    expect(cli.sent).toMatchObject({
      thingKind: 'baseline',
      thingId: ID,
      collectionId: 'ESP00014',
      intent: 'required',
      priority: 2,
      startAt: Date.parse('2026-12-01T07:00:00Z'),
      deadlineAt: Date.parse('2026-12-02T17:00:00Z'),
    });
    await run('deploy', 'x', 'x', ...at, '--local-time', '--available');
    expect(cli.sent).toMatchObject({
      localTime: true,
      intent: 'available',
      startAt: Date.parse('2026-12-01T08:00:00Z'),
      deadlineAt: Date.parse('2026-12-02T18:00:00Z'),
    });
  });
});
