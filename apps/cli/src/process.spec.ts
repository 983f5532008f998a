import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { answer } from './connection/scripted-server.fixture.js';
import { ScriptedCli } from './scripted-cli.fixture.js';

const FULL = '/dev/full';
const describeHere = existsSync(FULL) ? describe : describe.skip;

describe('the process', () => {
  const cli = new ScriptedCli();
  beforeAll(() => cli.start());
  afterAll(() => cli.stop());

  it('ends at once where one of two questions failed: what is under way beside it is not asked again', async () => {
    cli.script = ({ url }, response) => {
      if (!url.startsWith('/api/v1/collections')) answer(response, 200, { items: [] });
    };
    const { code, stderr } = await cli.run('deploy', 'Bannr', 'All Macs');
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/^espalier: There is no thing Bannr\.\n[^\n]*\n$/),
    ]);
  });

  it('does not wait for events of a server that it never reached', async () => {
    const { code, stderr } = await cli.run('events', 'follow', '--url', 'https://localhost:1');
    expect([code, stderr]).toEqual([6, expect.stringMatching(/^espalier: Nothing listens at localhost:1\./)]);
  });

  it.each([
    [['devices', 'list', '--nope'], /unknown option '--nope'/],
    [['devices', 'lst'], /unknown command 'lst'/],
    [['devices', 'list', '--platform', 'windows'], /Allowed choices are mac, iphone/],
    [['devices'], /^A command is missing\.$/],
  ])('tells programs in JSON what is wrong with %j', async (words, says) => {
    const { code, stdout, stderr } = await cli.run(...words, '--json');
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: { message: expect.stringMatching(says), exitCode: 2, mend: expect.any(String) },
    });
  });
});

describeHere('the process, where a disk is full', () => {
  it('fails, for its result cannot be written', () => {
    const main = new URL('main.js', import.meta.url).pathname;
    const full = openSync(FULL, 'w');
    const { status, stderr } = spawnSync(process.execPath, [main, 'completion', 'bash'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^espalier: The result cannot be written: /)]);
  });
});
