import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Cli } from '../cli.js';
import { ApiClient } from '../connection/api.client.js';
import { answer } from '../connection/scripted-server.fixture.js';
import { ScriptedCli } from '../scripted-cli.fixture.js';
import { WorldFixture } from '../world.fixture.js';
import { uploadFile } from './upload.js';

const sha256 = (bytes: string): string => createHash('sha256').update(bytes).digest('hex');

/** A command line that takes long to prove who sends a request, as with a far realm or issuer. */
class SlowlyProven extends Cli {
  readonly #api: ApiClient;

  constructor({ url, caFile }: ScriptedCli) {
    super(new WorldFixture());
    const quiet = { onRetry: () => undefined, onReply: () => undefined };
    this.#api = new ApiClient(
      { profileName: 'spec', url, caFile },
      quiet,
      {},
      {
        prove: () => pause(100, {}),
      },
    );
  }

  override get api(): ApiClient {
    return this.#api;
  }
}

/** Breaks, and the real server behind them, are in dev-suite's cli-content.e2e.spec. */
describe('carrying files', () => {
  const cli = new ScriptedCli();
  beforeAll(() => cli.start());
  beforeEach(() => cli.reset());
  afterAll(() => cli.stop());

  it('sends each byte, however long it takes to prove who sends it', async () => {
    const [file, bytes] = [join(cli.folder, 'whole.pkg'), 'espalier'.repeat(300_000)];
    writeFileSync(file, bytes);
    cli.script = (_, response) => answer(response, 200, { items: [], id: 'u', offset: 0, known: false });
    const slow = new SlowlyProven(cli);
    await uploadFile(slow, file, {});
    slow.api.close();
    expect(sha256(cli.seen.find(({ method }) => method === 'PUT')?.body ?? '')).toBe(sha256(bytes));
  });

  it('waits for a server that says nothing no longer than it should', async () => {
    cli.script = () => undefined;
    const { api } = new SlowlyProven(cli);
    await expect(api.open({ method: 'GET', path: '/', answerMs: 50 })).rejects.toMatchObject({
      message: expect.stringContaining('does not answer'),
    });
    api.close();
  });

  it('says at once where a file cannot be written here, and does not take the server for it', async () => {
    const bytes = 'espalier';
    const content = { id: 'c', name: 'x', fileName: 'x.pkg', size: bytes.length, sha256: sha256(bytes) };
    cli.script = ({ url }, response) => {
      if (url.endsWith('/file')) response.end(bytes);
      else answer(response, 200, { items: [content] });
    };
    const absent = join(cli.folder, 'absent', 'x.pkg');
    expect(await cli.run('content', 'download', 'x', '--output', absent)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^(?!.*Going on)[^]*cannot be written: ENOENT/),
    });
    expect(await cli.run('content', 'download', 'x', '--output', cli.folder, '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no file'),
    });
    const output = join(cli.folder, 'x.pkg');
    expect(await cli.run('content', 'download', 'x', '--output', output)).toMatchObject({ code: 0 });
    expect([existsSync(output), readdirSync(cli.folder).filter((name) => name.endsWith('.part'))]).toEqual([
      true,
      [],
    ]);
  });
});
