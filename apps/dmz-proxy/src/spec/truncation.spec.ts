import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { FaultRelay } from '@espalier/testing';
import { deviceRequest } from './device.fixture.js';
import { Edge, reported, until, writeEdgeFiles } from './edge.fixture.js';
import { end, forkEdge, forkInside, reportedBy } from './processes.fixture.js';
import { DECLARED_BYTES, PART_BYTES, type UploadReport } from './routes.fixture.js';

const downloads = ['chunked', 'sized'] as const;
const uploads = ['chunked', 'sized'] as const;

/** A body of which a part is there and the rest never comes. */
function halfBody(): PassThrough {
  const body = new PassThrough();
  body.write(Buffer.alloc(PART_BYTES));
  return body;
}

const uploadHeaders = (kind: 'chunked' | 'sized'): Record<string, string> =>
  kind === 'sized' ? { 'content-length': String(DECLARED_BYTES) } : {};

describe('a link that is cut in the middle of a body', () => {
  let edge: Edge;
  let relay: FaultRelay;
  const reports = new EventEmitter<{ report: [UploadReport] }>();

  // Short: Node overlooks a RST while it writes, and then only PING tells (see Liveness).
  const timings = { helloMs: 5_000, pingIntervalMs: 500, pingTimeoutMs: 500 };

  beforeAll(async () => {
    edge = await Edge.start({ timings });
    relay = await FaultRelay.start({ host: '127.0.0.1', port: edge.proxy.linkPort });
    edge.inside({ port: relay.port, reports, timings });
  });
  beforeEach(() => edge.up());
  afterAll(async () => {
    await edge.stop();
    await relay.close();
  });

  for (const mode of ['fin', 'rst'] as const) {
    for (const kind of downloads)
      it(`download, ${kind}, ${mode}: the device never takes the part for the whole`, async () => {
        const before = await edge.metric('truncated_total', { direction: 'download' });
        const reply = await edge.device(`/mdm/stall/${kind}`, {
          onData: (bytes) => {
            if (bytes === PART_BYTES) relay.cut(mode);
          },
        });
        expect(reply.status).toBe(200);
        expect(reply.body.length).toBe(PART_BYTES);
        expect(reply.complete).toBe(false);
        expect(reply.error).toBeDefined();
        expect(await edge.metric('truncated_total', { direction: 'download' })).toBe(before + 1);
        await until(() => edge.proxy.registry.links.size === 0 || relay.connections > 0);
      });

    for (const kind of uploads)
      it(`upload, ${kind}, ${mode}: the inside never takes the part for the whole, the device gets 502`, async () => {
        const begun = reported(reports, 'begun');
        const cut = reported(reports, 'cut');
        const answer = edge.device('/mdm/upload', {
          method: 'PUT',
          headers: uploadHeaders(kind),
          body: halfBody(),
        });
        await begun;
        relay.cut(mode);
        const reply = await answer;
        expect((await cut).bytes).toBeLessThanOrEqual(PART_BYTES);
        expect(reply.status).toBe(502);
        expect(reply.headers['pmm-error-source']).toBe('dmz');
        expect(reply.complete).toBe(true);
      });

    it(`before the answer began, ${mode}: 502 for a PUT, which is not sent again; a GET is, and gets its answer`, async () => {
      let visits = 0;
      const count = (): void => void (visits += 1);
      reports.on('report', count);
      const put = edge.device('/mdm/slow?ms=400', { method: 'PUT', body: 'x' });
      await until(() => visits === 1);
      relay.cut(mode);
      const refused = await put;
      expect(refused.status).toBe(502);
      expect(refused.headers['pmm-error-source']).toBe('dmz');
      await edge.up();
      const get = edge.device('/mdm/slow?ms=400');
      await until(() => visits === 2);
      relay.cut(mode);
      expect((await get).body.toString()).toBe('late');
      expect(visits).toBe(3);
      reports.off('report', count);
    });
  }

  it.each([
    ['errors', '/mdm/fail/error'],
    ['closes without a word', '/mdm/fail/silent'],
    ['is shorter than declared', '/mdm/fail/short'],
  ])('a handler whose body %s: the device is cut, the link stays', async (_what, path) => {
    const reply = await edge.device(path);
    expect(reply.complete).toBe(false);
    expect(reply.error).toBeDefined();
    expect(edge.proxy.registry.links.size).toBe(1);
  });

  it.each(uploads)(
    'a device that goes away in the middle of an upload, %s: the inside notices',
    async (kind) => {
      const cut = reported(reports, 'cut');
      const begun = reported(reports, 'begun');
      const body = halfBody();
      const reply = edge.device('/mdm/upload', { method: 'PUT', headers: uploadHeaders(kind), body });
      await begun;
      body.destroy(new Error('gone'));
      expect((await cut).bytes).toBeLessThanOrEqual(PART_BYTES);
      expect((await reply).status).toBe(0);
      expect(edge.proxy.registry.links.size).toBe(1);
    },
  );
});

describe('a process that is killed in the middle of a body', () => {
  it('the inside, download: the device never takes the part for the whole', async () => {
    const edge = await Edge.start();
    try {
      for (const kind of downloads) {
        const child = forkInside(edge.files, edge.proxy.linkPort);
        await edge.up();
        const reply = await edge.device(`/mdm/stall/${kind}`, {
          onData: (bytes) => {
            if (bytes === PART_BYTES) child.kill('SIGKILL');
          },
        });
        expect(reply.complete).toBe(false);
        expect(reply.body.length).toBe(PART_BYTES);
        await edge.up(0);
      }
    } finally {
      await edge.stop();
    }
  });

  it('the inside, upload: the device gets 502', async () => {
    const edge = await Edge.start();
    try {
      for (const kind of uploads) {
        const child = forkInside(edge.files, edge.proxy.linkPort);
        await edge.up();
        const begun = reportedBy(child, 'begun');
        const reply = edge.device('/mdm/upload', {
          method: 'PUT',
          headers: uploadHeaders(kind),
          body: halfBody(),
        });
        await begun;
        await end(child);
        expect((await reply).status).toBe(502);
        await edge.up(0);
      }
    } finally {
      await edge.stop();
    }
  });

  it('the edge, both ways: neither the device nor the inside takes a part for the whole', async () => {
    const files = await writeEdgeFiles();
    for (const kind of downloads) {
      const edge = await forkEdge(files);
      const inside = forkInside(files, edge.linkPort);
      const target = { port: edge.devicePort, ca: files.ids.device.certificate };
      await until(async () => (await deviceRequest({ ...target, path: '/mdm/small' })).status === 200);
      const begun = reportedBy(inside, 'begun');
      const cut = reportedBy(inside, 'cut');
      const upload = deviceRequest({
        ...target,
        path: '/mdm/upload',
        method: 'PUT',
        headers: uploadHeaders(kind),
        body: halfBody(),
      });
      await begun;
      const download = await deviceRequest({
        ...target,
        path: `/mdm/stall/${kind}`,
        onData: (bytes) => {
          if (bytes === PART_BYTES) edge.child.kill('SIGKILL');
        },
      });
      expect(download.complete).toBe(false);
      expect((await upload).complete).toBe(false);
      expect((await cut).bytes).toBeLessThanOrEqual(PART_BYTES);
      await end(inside);
    }
  });
});
