import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { libraryErrors } from '@espalier/contracts';
import { silentLogger } from '../config-proxy.fixture.js';
import { parseRange } from './byte-range.js';
import { createContentServer } from './content.server.js';
import { PackageFolder } from './package.folder.js';

const run = promisify(execFile);
const bytes = randomBytes(3_000_000);
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('base64');

describe('client packages on the content port', () => {
  const root = mkdtempSync(join(tmpdir(), 'espalier-packages-'));
  const folder = join(root, 'content');
  let server: Server;
  let base: string;

  beforeAll(async () => {
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'client 1.0.pkg'), bytes);
    writeFileSync(join(folder, 'empty.txt'), '');
    writeFileSync(join(folder, '.hidden'), 'canary');
    writeFileSync(join(root, 'secret.txt'), 'canary');
    symlinkSync(join(root, 'secret.txt'), join(folder, 'way-out.txt'));
    symlinkSync('client 1.0.pkg', join(folder, 'latest.pkg'));
    server = createContentServer({
      packages: new PackageFolder(folder),
      content: { openDistributed: () => Promise.reject(libraryErrors.ESP_CONTENT_UNKNOWN()) },
      logger: silentLogger,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    rmSync(root, { recursive: true });
  });

  const curl = async (path: string, ...options: string[]) => {
    const file = join(root, 'download');
    const { stdout } = await run('curl', ['-sS', '-D', '-', '-o', file, ...options, `${base}${path}`]);
    const [head = '', ...lines] = stdout.trim().split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => line.toLowerCase().split(': ', 2) as [string, string]),
    );
    return { status: Number(head.split(' ')[1]), headers, head: stdout, body: () => readFileSync(file) };
  };
  /** Sends a path as it is; curl and fetch would tidy it up first. */
  const rawGet = async (path: string) => {
    const sent = request(`${base}/`, { path }).end();
    const [response] = await once(sent, 'response');
    return { status: response.statusCode as number, body: (await buffer(response)).toString() };
  };

  it('gives curl a whole package with its digest', async () => {
    const answer = await curl('/packages/client%201.0.pkg');
    expect(answer.status).toBe(200);
    expect(answer.body().equals(bytes)).toBe(true);
    expect(answer.head).toContain(`repr-digest: sha-256=:${sha256(bytes)}:`);
    expect(answer.headers).toMatchObject({
      'content-length': '3000000',
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
    expect((await curl('/packages/latest.pkg')).body().equals(bytes)).toBe(true);
    expect(await curl('/packages/empty.txt')).toMatchObject({
      status: 200,
      headers: { 'content-length': '0' },
    });
  });

  it('lets curl go on with a download that broke off', async () => {
    const file = join(root, 'resumed');
    writeFileSync(file, bytes.subarray(0, 1_234_567));
    await run('curl', ['-sS', '-C', '-', '-o', file, `${base}/packages/latest.pkg`]);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('answers single ranges with 206, and 416 beyond the end', async () => {
    const middle = await curl('/packages/latest.pkg', '-r', '10-19');
    expect(middle).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 10-19/3000000' } });
    expect(middle.body().equals(bytes.subarray(10, 20))).toBe(true);
    expect(middle.head).toContain(`sha-256=:${sha256(bytes)}:`);
    expect((await curl('/packages/latest.pkg', '-r', '-5')).body().equals(bytes.subarray(-5))).toBe(true);
    const beyond = await curl('/packages/latest.pkg', '-r', '3000000-');
    expect(beyond).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */3000000' } });
    expect(JSON.parse(beyond.body().toString())).toMatchObject({ code: 'ESP_PACKAGE_RANGE' });
    expect((await curl('/packages/latest.pkg', '-r', '0-1,5-6')).status).toBe(200);
  });

  it('saves who has the package, and gives a range only of the version that was asked for', async () => {
    const etag = /etag: (".+")/i.exec((await curl('/packages/latest.pkg', '-I')).head)?.[1] ?? '';
    expect((await curl('/packages/latest.pkg', '-H', `If-None-Match: "x", W/${etag}`)).status).toBe(304);
    expect((await curl('/packages/latest.pkg', '-H', 'If-None-Match: "x"')).status).toBe(200);
    const same = await curl('/packages/latest.pkg', '-r', '0-1', '-H', `If-Range: ${etag}`);
    expect(same.status).toBe(206);
    expect((await curl('/packages/latest.pkg', '-r', '0-1', '-H', 'If-Range: "x"')).status).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const head = await curl('/packages/latest.pkg', '-I');
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': '3000000' } });
    expect((await curl('/packages/nothing.pkg', '-I')).status).toBe(404);
  });

  it('leads nowhere but to plain files of the folder', async () => {
    for (const path of [
      '/packages/../secret.txt',
      '/packages/..%2fsecret.txt',
      '/packages/%2e%2e%2fsecret.txt',
      '/packages/sub%2f..%2f..%2fsecret.txt',
      '/packages/..%5csecret.txt',
      '/packages/way-out.txt',
      '/packages/.hidden',
      '/packages/sub',
      '/packages/',
      '/packages/%00client',
      '/packages/%zz',
      `/packages/${'x'.repeat(300)}`,
      '/secret.txt',
      '/',
    ]) {
      const { status, body } = await rawGet(path);
      expect([path, status]).toEqual([path, 404]);
      expect(body).not.toContain('canary');
      expect(JSON.parse(body)).toMatchObject({ status: 404, mend: expect.any(String) });
    }
  });

  it('is read-only', async () => {
    const answer = await curl('/packages/latest.pkg', '-X', 'PUT', '-d', 'x');
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'get, head' } });
  });

  it('reads a digest again when the file changed, and not before', async () => {
    const file = join(folder, 'changing.txt');
    writeFileSync(file, 'one');
    expect((await curl('/packages/changing.txt')).head).toContain(sha256(Buffer.from('one')));
    writeFileSync(file, 'two');
    utimesSync(file, new Date(), new Date(Date.now() + 5_000));
    expect((await curl('/packages/changing.txt')).head).toContain(sha256(Buffer.from('two')));
  });

  it('breaks the connection where a file shrinks under a download', async () => {
    const file = join(folder, 'shrinking.pkg');
    writeFileSync(file, Buffer.alloc(30_000_000));
    const sent = request(`${base}/packages/shrinking.pkg`).end();
    const [response] = await once(sent, 'response');
    truncateSync(file, 1_000);
    await expect(buffer(response)).rejects.toThrow('aborted');
  });
});

describe('parseRange', () => {
  it('gives bytes that exist, or says that there are none', () => {
    expect(parseRange('bytes=0-', 10)).toEqual({ first: 0, last: 9 });
    expect(parseRange('bytes=5-100', 10)).toEqual({ first: 5, last: 9 });
    expect(parseRange('bytes=-100', 10)).toEqual({ first: 0, last: 9 });
    expect(parseRange('bytes=-0', 10)).toBe('unsatisfiable');
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    for (const ignored of [undefined, '', 'bytes=-', 'bytes=5-4', 'lines=1-2', 'bytes=1-2,4-5', 'bytes=a-b'])
      expect(parseRange(ignored, 10)).toBeUndefined();
  });

  it('never leaves the file, whatever is asked', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((n) => `bytes=-${n}`),
    );
    fc.assert(
      fc.property(header, fc.nat(1_000), (text, size) => {
        const range = parseRange(text, size);
        if (range === undefined || range === 'unsatisfiable') return true;
        return range.first >= 0 && range.first <= range.last && range.last < size;
      }),
      { numRuns: 200 },
    );
  });
});
