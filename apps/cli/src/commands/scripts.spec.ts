import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ended } from '../cli-process.fixture.js';
import { answer } from '../connection/scripted-server.fixture.js';
import { ScriptedCli } from '../scripted-cli.fixture.js';
import { device, operationOf } from './operation.fixture.js';

const ID = '0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10';
const shown = {
  id: ID,
  name: 'Free space',
  language: 'zsh',
  scriptVersion: 3,
  sha256: 'a'.repeat(64),
  length: 12,
  parameters: [],
  author: 'anna',
  approvalState: 'waiting',
  approver: null,
  decidedAt: null,
  comment: null,
  version: 7,
  createdAt: 0,
  createdBy: 'anna',
  changedAt: 0,
  changedBy: 'anna',
};
const operation = (tasks: object) =>
  operationOf('run-script', tasks, { title: 'Run the script Free space', scriptId: ID, scriptVersion: 3 });

/** What the commands of scripts ask the server for, and make of its answers. */
describe('espalier scripts', () => {
  const cli = new ScriptedCli();
  const file = join(cli.folder, 'free-space');
  writeFileSync(file, '#!/bin/zsh\ndf -h /\n');
  const run = (...args: readonly string[]): Promise<Ended> => cli.run('scripts', ...args);

  beforeAll(() => cli.start());
  beforeEach(() => cli.reset());
  afterAll(() => cli.stop());

  it('makes one of a file, in the language of its first line', async () => {
    cli.script = (_, response) => answer(response, 201, shown);
    const made = await run(
      'create',
      file,
      '--name',
      'Free space',
      '--required',
      'Who',
      '--parameter',
      'How=loud',
    );
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('waiting') });
    expect(cli.sent).toEqual({
      name: 'Free space',
      language: 'zsh',
      text: '#!/bin/zsh\ndf -h /\n',
      parameters: [
        { name: 'Who', description: '', isRequired: true, defaultValue: null },
        { name: 'How', description: '', isRequired: false, defaultValue: 'loud' },
      ],
    });
    expect(await run('create', cli.caFile, '--name', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--language'),
    });
  });

  it('shows the text before somebody decides, and decides on what was shown', async () => {
    cli.script = ({ method, url }, response) => {
      if (url.endsWith('/text')) answer(response, 200, { text: 'echo \u001B[2J evil' });
      else if (method === 'GET') answer(response, 200, { items: [shown] });
      else answer(response, 200, { ...shown, approvalState: 'approved' });
    };
    const asked = await run('approve', 'Free space');
    expect(asked.code).toBe(2);
    expect(asked.stdout).toContain('evil');
    expect(asked.stdout).not.toContain('\u001B[2J');
    expect(cli.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(await run('approve', 'Free space', '--yes', '--comment', 'fine')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('It is approved.'),
    });
    expect(cli.seen.at(-1)).toMatchObject({
      url: `/api/v1/scripts/${ID}/approve`,
      headers: { 'if-match': '"7"' },
    });
    expect(cli.sent).toEqual({ comment: 'fine' });
  });

  it.each([
    [{ succeeded: 1 }, 0],
    [{ failed: 1 }, 1],
    [{ 'requirements-not-met': 1 }, 1],
  ])('runs one, waits, and ends by what came of it: %j', async (end, code) => {
    cli.script = ({ method, url }, response) => {
      if (url.startsWith('/api/v1/devices')) answer(response, 200, { items: [device] });
      else if (url.startsWith('/api/v1/scripts?')) answer(response, 200, { items: [shown] });
      else answer(response, 200, operation(method === 'POST' ? { waiting: 1 } : end));
    };
    const ended = await run('run', 'Free space', 'LAB-01', '-p', 'Who=a=b', '--wait', '--yes');
    expect([ended.code, ended.stdout]).toEqual([code, expect.stringContaining(Object.keys(end)[0] ?? '')]);
    const begun = cli.seen.find(({ method }) => method === 'POST');
    expect(begun?.url).toBe(`/api/v1/scripts/${ID}/run`);
    expect(JSON.parse(begun?.body ?? '')).toEqual({
      deviceIds: [device.resourceId],
      parameters: { Who: 'a=b' },
    });
  });

  it('shows what one device printed', async () => {
    const task = {
      deviceName: 'LAB-01',
      state: 'failed',
      exitCode: 3,
      outputBytes: 5,
      output: 'oh no',
      reason: null,
    };
    cli.script = ({ url }, response) =>
      answer(response, 200, url.startsWith('/api/v1/devices') ? { items: [device] } : task);
    expect(await run('result', '4711', '--device', 'LAB-01')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/failed[\s\S]*oh no/),
    });
    expect(cli.seen.at(-1)?.url).toBe(`/api/v1/client-operations/4711/tasks/${device.resourceId}`);
    expect((await run('result', 'x')).code).toBe(2);
  });
});
