import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MIB = 1_024 * 1_024;

/** The service, as a process that can be killed. */
class Service {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  console = '';
  content = '';

  constructor(folder: string) {
    this.#child = spawn(
      process.execPath,
      [
        new URL('content.process.fixture.js', import.meta.url).pathname,
        `sqlite:${folder}/db.sqlite`,
        `${folder}/store`,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    if (this.#child.stdout === null) throw new Error('no output');
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  async ready(): Promise<this> {
    const ports = (await this.#line()) as { console: number; content: number };
    this.console = `http://127.0.0.1:${ports.console}`;
    this.content = `http://127.0.0.1:${ports.content}`;
    return this;
  }

  /** Highest use of memory so far, in MiB. */
  async peak(): Promise<number> {
    this.#child.stdin?.write('?\n');
    return ((await this.#line()) as number) / 1_024;
  }

  async kill(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    this.#lines.close();
  }

  async #line(): Promise<unknown> {
    const [line] = (await once(this.#lines, 'line')) as [string];
    return JSON.parse(line);
  }
}

async function makeFile(path: string, size: number): Promise<void> {
  const file = await open(path, 'w');
  const block = randomBytes(MIB);
  for (let written = 0; written < size; written += MIB) {
    block.writeUInt32BE(written / MIB);
    await file.write(block, 0, Math.min(MIB, size - written));
  }
  await file.close();
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

describe('content, with curl and a process that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-content-'));
  const file = join(folder, 'installer.pkg');
  const size = 300 * MIB - 1;
  let service: Service;
  let sha256 = '';

  const curl = async (...args: string[]) => {
    const { stdout } = await run('curl', ['-sS', '-w', '\n%{http_code}', ...args], { maxBuffer: MIB });
    const at = stdout.lastIndexOf('\n');
    const text = stdout.slice(0, at);
    return {
      status: Number(stdout.slice(at + 1)),
      json: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
  };
  const post = (path: string, body: unknown) =>
    curl('-H', 'content-type: application/json', '-d', JSON.stringify(body), service.console + path);
  const bytes = ['-H', 'content-type: application/octet-stream'];
  const uploads = '/api/v1/content/uploads';
  const announce = async (): Promise<string> => {
    const { status, json } = await post(uploads, { fileName: 'installer.pkg', size, sha256 });
    expect(status).toBe(201);
    return json['id'] as string;
  };
  const offsetOf = async (id: string): Promise<number> =>
    (await curl(`${service.console}${uploads}/${id}`)).json['offset'] as number;

  beforeAll(async () => {
    await makeFile(file, size);
    sha256 = await hashFile(file);
    service = await new Service(folder).ready();
  });
  afterAll(async () => {
    await service.kill();
    rmSync(folder, { recursive: true });
  });

  it('goes on after a SIGKILL in the middle, and comes down by ranges, in flat memory', async () => {
    const id = await announce();
    const target = (offset: number): string => `${service.console}${uploads}/${id}?offset=${offset}`;
    // Slow enough to be killed in the middle.
    const first = run('curl', ['-sS', ...bytes, '-T', file, '--limit-rate', '80M', target(0)]).catch(
      () => 'killed',
    );
    while ((await offsetOf(id)) < 30 * MIB);
    await service.kill();
    expect(await first).toBe('killed');
    service = await new Service(folder).ready();

    const arrived = await offsetOf(id);
    expect(arrived).toBeGreaterThanOrEqual(30 * MIB);
    expect(arrived).toBeLessThan(size);
    const wrong = await curl(...bytes, '-T', file, target(0));
    expect(wrong).toMatchObject({ status: 409, json: { code: 'ESP_CONTENT_OFFSET_WRONG' } });
    const head = await run('curl', ['-sSI', `${service.console}${uploads}/${id}`]);
    expect(head.stdout).toContain(`upload-offset: ${arrived}`);
    const before = await service.peak();
    // curl's own way to send a file from an offset on.
    await run('sh', [
      '-c',
      'tail -c +$(($2 + 1)) "$1" | curl -sS -f -H "content-type: application/octet-stream" -T - "$3"',
      'sh',
      file,
      String(arrived),
      target(arrived),
    ]);
    expect(await offsetOf(id)).toBe(size);
    const finished = await curl('-X', 'POST', `${service.console}${uploads}/${id}/finish`);
    expect(finished).toMatchObject({ status: 200, json: { id, size, sha256, distributed: false } });

    const programs = [{ name: 'Install', commandLine: 'installer -pkg installer.pkg -target /' }];
    const made = await post('/api/v1/packages', { name: 'Big', definition: { contentId: id, programs } });
    expect(made.status).toBe(201);
    const copy = join(folder, 'copy.pkg');
    const url = `${service.content}/content/${sha256}/installer.pkg`;
    await run('curl', ['-sS', '-f', '-r', `0-${100 * MIB - 1}`, '-o', copy, url]);
    await run('curl', ['-sS', '-f', '-C', '-', '-o', copy, url]);
    expect(await hashFile(copy)).toBe(sha256);
    await run('curl', ['-sS', '-f', '-o', copy, `${service.console}/api/v1/content/${id}/file`]);
    expect(await hashFile(copy)).toBe(sha256);
    // 200 MiB up, 600 MiB down: what it needs is buffers, not files.
    expect((await service.peak()) - before).toBeLessThan(150);
  }, 120_000);

  it('answers a body that breaks off, one that is too long, and one of another type', async () => {
    const { json } = await post(uploads, {
      fileName: 'x.pkg',
      size: 1_000,
      sha256: createHash('sha256').update(Buffer.alloc(1_000)).digest('hex'),
    });
    const target = `${service.console}${uploads}/${json['id'] as string}`;
    const send = (...args: string[]) => curl(...bytes, '-X', 'PUT', ...args);
    expect(await send('-T', file, `${target}?offset=0`)).toMatchObject({
      status: 413,
      json: { code: 'ESP_CONTENT_UPLOAD_TOO_LONG' },
    });
    expect(
      await curl('-X', 'PUT', '-d', '{}', '-H', 'content-type: application/json', `${target}?offset=0`),
    ).toMatchObject({ status: 415 });
    expect(await send('--data-binary', 'x', `${target}?offset=-1`)).toMatchObject({ status: 400 });
    expect(await send('--data-binary', 'x', target)).toMatchObject({ status: 400 });
    expect(await curl('-X', 'POST', `${target}/finish`)).toMatchObject({
      status: 409,
      json: { code: 'ESP_CONTENT_UPLOAD_SHORT' },
    });
    expect(await curl('-X', 'DELETE', target)).toMatchObject({ status: 204 });
    expect(await curl(target)).toMatchObject({ status: 404 });
  });
});
