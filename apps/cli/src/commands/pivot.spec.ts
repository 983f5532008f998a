import type { ServerResponse } from 'node:http';
import type { Ended } from '../cli-process.fixture.js';
import { answer, type Seen } from '../connection/scripted-server.fixture.js';
import { ScriptedCli } from '../scripted-cli.fixture.js';
import { device, operationOf } from './operation.fixture.js';

const APPLICATION = '0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10';
const OPERATION = '/api/v1/client-operations/4711';
const operation = (tasks: object) => operationOf('cmpivot', tasks);
const task = (deviceId: number, more: object) => ({
  deviceId,
  deviceName: `LAB-0${deviceId}`,
  state: 'succeeded',
  reason: null,
  exitCode: 0,
  output: '',
  rows: null,
  ...more,
});
const answers = [
  task(1, {
    rows: [
      { Caption: 'macOS', Build: 25 },
      { Caption: 'Data \u001B[2J', Volume: { Free: 7 } },
    ],
  }),
  task(2, { rows: [] }),
  task(3, { state: 'failed', exitCode: 1, reason: 'There is no table Nonsense.' }),
];

/** What the command asks the server for, and makes of its answers. */
describe('espalier pivot', () => {
  const cli = new ScriptedCli();
  const run = (...args: readonly string[]): Promise<Ended> => cli.run('pivot', ...args);

  beforeAll(() => cli.start());
  beforeEach(() => {
    cli.reset();
    cli.script = server;
  });
  afterAll(() => cli.stop());

  function server({ method, url }: Seen, response: ServerResponse): void {
    const of = answers.find(({ deviceId }) => url === `${OPERATION}/tasks/${deviceId}`);
    if (of !== undefined) answer(response, 200, of);
    else if (url.startsWith(`${OPERATION}/tasks`)) answer(response, 200, { items: answers });
    else if (url.startsWith('/api/v1/devices')) answer(response, 200, { items: [device] });
    else if (url.startsWith('/api/v1/applications'))
      answer(response, method === 'GET' ? 200 : 202, method === 'GET' ? thing : operation({ waiting: 1 }));
    else if (url.startsWith('/api/v1/collections?'))
      answer(response, 200, { items: [{ id: 'ESP00014', name: 'Lab' }] });
    else if (method === 'POST') answer(response, 202, operation({ waiting: 3 }));
    else answer(response, 200, operation({ succeeded: 2, failed: 1 }));
  }
  const thing = { items: [{ id: APPLICATION, name: 'Firefox' }] };
  const posted = () => {
    const { url, body } = cli.seen.find(({ method }) => method === 'POST') ?? { url: '', body: '{}' };
    return [url, JSON.parse(body)] as const;
  };

  it('asks devices that are named, each once, or a collection, and says where the rows will be', async () => {
    const begun = await run('Disk', '--device', 'LAB-01', '-d', 'LAB-01');
    expect(begun).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Operation +4711[^]*waiting +3/),
      stderr: expect.stringContaining('espalier pivot --operation 4711'),
    });
    expect(posted()).toEqual(['/api/v1/pivot', { query: 'Disk', deviceIds: [device.resourceId] }]);
    cli.reset();
    expect((await run('Disk', '--collection', 'Lab', '--json')).code).toBe(0);
    expect(posted()).toEqual(['/api/v1/collections/ESP00014/pivot', { query: 'Disk' }]);
  });

  it('waits, and shows the rows of all devices as one table, and who has none', async () => {
    const { code, stdout } = await run('OS', '--collection', 'Lab', '--wait');
    expect(code).toBe(1);
    expect(stdout).not.toContain('\u001B');
    const [, rows = '', without = ''] = /\nRows\n([^]*)\n\nWithout rows\n([^]*)/.exec(stdout) ?? [];
    expect(rows.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['DEVICE', 'CAPTION', 'BUILD', 'VOLUME'],
      ['LAB-01', 'macOS', '25', '-'],
      ['LAB-01', expect.stringMatching(/^Data .*\[2J$/), '-', '{"Free":7}'],
    ]);
    expect(without).toMatch(/LAB-03 +failed +There is no table Nonsense\./);
    const asked = new URL(cli.seen.find(({ url }) => url.includes('/tasks?'))?.url ?? '', cli.url);
    expect(asked.searchParams.get('filter')).toBe("state eq 'succeeded' or state eq 'failed'");
  });

  it('counts what the job of a collection made while nobody looked', async () => {
    const jobId = APPLICATION;
    cli.script = (seen, response) => {
      if (seen.url.startsWith('/api/v1/jobs/')) answer(response, 200, { state: 'succeeded' });
      else if (seen.method === 'POST') answer(response, 202, { ...operation({}), jobId });
      else if (seen.url === OPERATION) answer(response, 200, { ...operation({ expired: 1 }), jobId });
      else server(seen, response);
    };
    expect(await run('OS', '--collection', 'Lab', '--wait')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/expired +1/),
    });
  });

  it('shows what was asked before, whole for programs, of so many devices as are wanted', async () => {
    const { code, stdout } = await run('--operation', '4711', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { id: 4_711, answers }]);
    expect(cli.seen.every(({ method }) => method === 'GET')).toBe(true);
    cli.reset();
    cli.script = (seen, response) =>
      seen.url.includes('/tasks?')
        ? answer(response, 200, { items: answers.slice(0, 1), nextCursor: 'x' })
        : server(seen, response);
    const first = await run('--operation', '4711', '--limit', '1');
    expect([first.stdout, first.stderr]).toEqual([
      expect.not.stringContaining('LAB-03'),
      expect.stringContaining('--limit'),
    ]);
  });

  it.each([
    ['nothing to ask', [], 'Say what to ask'],
    ['two questions', ['OS', '--operation', '1'], 'Say what to ask'],
    ['nobody to ask', ['OS'], '--device'],
    ['two to ask', ['OS', '--device', 'x', '--collection', 'y'], '--device'],
    ['devices of what was asked before', ['--operation', '1', '--device', 'x'], 'devices already'],
    ['what is no number', ['--operation', 'x'], 'whole number'],
  ])('refuses %s, and asks the server nothing', async (_what, args, words) => {
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    expect(cli.seen).toEqual([]);
  });

  it('has its sibling: applications are installed on devices, once somebody says yes', async () => {
    const install = ['applications', 'install', 'Firefox', '--device', 'LAB-01'];
    expect((await cli.run(...install)).code).toBe(2);
    expect(posted()).toEqual(['', {}]);
    expect(await cli.run(...install, '--wait', '--yes')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/succeeded +2\nfailed +1/),
    });
    expect(posted()).toEqual([
      `/api/v1/applications/${APPLICATION}/install`,
      { deviceIds: [device.resourceId] },
    ]);
    expect(await cli.run('applications', 'install', 'Firefox')).toMatchObject({ code: 2 });
  });
});
