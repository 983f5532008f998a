import { setTimeout as delay } from 'node:timers/promises';

import { defineErrors, defineRpc, defineServiceInterface, isEspalierError } from '@espalier/contracts';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { connect } from '@nats-io/transport-node';
import { z } from 'zod';

import { runWithMessageContext } from '../connection/message-context.js';
import {
  Clients,
  configProxy,
  lookUp,
  MemoryLogger,
  mdm,
  numbers,
  policy,
  Probe,
  relay,
} from '../spec/bus.fixture.js';

const sampleErrors = defineErrors({
  ESP_SAMPLE_LOCKED: {
    status: 423,
    level: 'info',
    title: 'It is locked.',
    mend: 'Unlock it.',
    retryable: true,
  },
});

async function errorOf(work: Promise<unknown>): Promise<{ code: string; status: number; message: string }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isEspalierError(error)) throw new Error(`expected an EspalierError, got ${String(error)}`);
  return error;
}

describe('requests over a real nats-server', () => {
  let server: NatsServer;
  let clients: Clients;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    clients = new Clients(server.url);
  });
  afterEach(() => clients.closeAll());

  it('answers with what the contract lets through and nothing else', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    const leaky = { id: 'x', by: 'mdm', password: 'canary' };
    await host.serve(lookUp, async ({ id, delayMs }) => ({ ...leaky, id: `${id}:${delayMs}` })).active;
    await expect(caller.call(lookUp, { id: 'a' })).resolves.toEqual({ id: 'a:0', by: 'mdm' });
  });

  it('carries a typed error with code, status, fields and advice', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    await host.serve(lookUp, () => {
      throw sampleErrors.ESP_SAMPLE_LOCKED({ detail: 'By x.', fields: { id: 'locked' } });
    }).active;
    await expect(caller.call(lookUp, { id: 'a' })).rejects.toMatchObject({
      code: 'ESP_SAMPLE_LOCKED',
      status: 423,
      title: 'It is locked.',
      detail: 'By x.',
      mend: 'Unlock it.',
      retryable: true,
      fields: { id: 'locked' },
    });
  });

  it('hides an unexpected error behind an id that the log has', async () => {
    const logger = new MemoryLogger();
    const [host, caller] = await Promise.all([clients.ready(mdm, { logger }), clients.ready(policy)]);
    await host.serve(lookUp, () => {
      throw new Error('canary: connection string');
    }).active;
    const error = await errorOf(caller.call(lookUp, { id: 'a' }));
    expect(error).toMatchObject({ code: 'ESP_INTERNAL', status: 500 });
    expect(error.message).not.toContain('canary');
    const logged = logger.lines.find(({ fields }) => 'errorId' in fields);
    expect(error.message).toContain(String(logged?.fields['errorId']));
    expect(String(logged?.fields['err'])).toContain('canary');
  });

  it('checks the request on both sides, and the answer on both', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    await host.serve(lookUp, ({ id }) => ({ id, by: 7 }) as never).active;
    const wrong = caller.call(lookUp, { id: 5 } as never);
    await expect(wrong).rejects.toMatchObject({
      code: 'ESP_BAD_REQUEST',
      fields: { id: expect.any(String) },
    });
    await expect(caller.call(lookUp, { id: 'a' })).rejects.toMatchObject({ code: 'ESP_INTERNAL' });
    // Past the client's own check, and with an answer that the client's contract does not know.
    const looser = defineRpc({
      service: 'mdm',
      verb: 'look-up',
      request: z.object({ id: z.unknown() }),
      response: z.object({ other: z.string() }),
    });
    const declared = defineServiceInterface({ service: 'vpp', calls: [looser] });
    const other = await clients.ready(declared);
    await expect(other.call(looser, { id: 5 })).rejects.toMatchObject({ code: 'ESP_BAD_REQUEST' });
    const second = await clients.ready(mdm);
    await second.serve(lookUp, ({ id }) => ({ id, by: 'second' })).active;
    await host.drain(1_000);
    await expect(other.call(looser, { id: 'a' })).rejects.toMatchObject({ code: 'ESP_MESSAGING_BAD_REPLY' });
  });

  it('tells nobody-there, too-late and aborted apart', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    await expect(caller.call(lookUp, { id: 'a' })).rejects.toMatchObject({ code: 'ESP_SERVICE_UNAVAILABLE' });
    const seen = new Probe<boolean>();
    await host.serve(lookUp, async ({ id }, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      seen.add(signal.aborted);
      return { id, by: 'late' };
    }).active;
    await expect(caller.call(lookUp, { id: 'a' }, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ESP_TIMEOUT',
    });
    // The handler learnt that its caller has gone.
    expect(await seen.count(1)).toEqual([true]);
    const controller = new AbortController();
    const aborted = caller.call(lookUp, { id: 'b' }, { timeoutMs: 300, signal: controller.signal });
    controller.abort(new Error('left the page'));
    await expect(aborted).rejects.toThrow('left the page');
    await seen.count(2);
  });

  it('does not begin a request whose caller has gone, and refuses more than it can queue', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    const begun = new Probe<string>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const handler = async ({ id }: { id: string }): Promise<{ id: string; by: string }> => {
      begun.add(id);
      await gate;
      return { id, by: 'mdm' };
    };
    await host.serve(lookUp, handler, { concurrency: 1 }).active;
    const first = caller.call(lookUp, { id: 'first' });
    await begun.count(1);
    const waiting = numbers(16).map((n) => errorOf(caller.call(lookUp, { id: `w${n}` }, { timeoutMs: 80 })));
    const over = await errorOf(caller.call(lookUp, { id: 'over' }));
    expect(over.code).toBe('ESP_MESSAGING_OVERLOADED');
    expect(new Set((await Promise.all(waiting)).map(({ code }) => code))).toEqual(new Set(['ESP_TIMEOUT']));
    // The server counts from arrival, which was a moment after sending.
    await delay(100);
    open();
    await first;
    await caller.call(lookUp, { id: 'last' });
    expect(begun.values).toEqual(['first', 'last']);
  });

  it('names paging where an answer is too large, and the limit where a request is', async () => {
    const [host, caller] = await Promise.all([clients.ready(mdm), clients.ready(policy)]);
    await host.serve(lookUp, ({ id, size }) => ({ id, by: 'mdm', filler: 'x'.repeat(size) })).active;
    const reply = await errorOf(caller.call(lookUp, { id: 'a', size: 2_000_000 }));
    expect(reply.code).toBe('ESP_MESSAGING_REPLY_TOO_LARGE');
    expect(reply).toMatchObject({ mend: expect.stringContaining('page') });
    const request = await errorOf(caller.call(lookUp, { id: 'x'.repeat(2_000_000) }));
    expect(request).toMatchObject({ code: 'ESP_MESSAGING_TOO_LARGE', status: 413 });
    await expect(caller.call(lookUp, { id: 'a', size: 900_000 })).resolves.toMatchObject({ id: 'a' });
  });

  it('refuses what the interface does not declare', async () => {
    const host = await clients.ready(mdm);
    const undeclared = { code: 'ESP_MESSAGING_UNDECLARED' };
    await expect(host.call(relay, { id: 'a' })).rejects.toMatchObject(undeclared);
    expect(() => host.serve(relay, () => ({ actor: '', traceparent: '' }))).toThrow(
      /serves esp\.v1\.rpc\.mdm-policy/,
    );
  });

  it('carries actor and trace over two hops', async () => {
    const [host, middle, edge] = await Promise.all([
      clients.ready(mdm),
      clients.ready(policy),
      clients.ready(configProxy),
    ]);
    const actor = { type: 'person', id: 'u-1', name: 'Zoë\n«Admin»', ip: '192.0.2.7' } as const;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await host.serve(lookUp, ({ id }, context) => ({
      id,
      by: `${context.actor?.name}|${context.traceparent}`,
    })).active;
    await middle.serve(relay, async ({ id }, context) => {
      const { by } = await middle.call(lookUp, { id });
      return { actor: `${context.actor?.ip}|${by}`, traceparent: context.traceparent ?? '' };
    }).active;
    const expected = { actor: `192.0.2.7|${actor.name}|${traceparent}`, traceparent };
    await expect(edge.call(relay, { id: 'a' }, { actor, traceparent })).resolves.toEqual(expected);
    const context = { actor, traceparent, tracestate: undefined };
    await expect(runWithMessageContext(context, () => edge.call(relay, { id: 'a' }))).resolves.toEqual(
      expected,
    );
  });

  it('shares requests between replicas', async () => {
    const [one, two, caller] = await Promise.all([
      clients.ready(mdm),
      clients.ready(mdm),
      clients.ready(policy),
    ]);
    await one.serve(lookUp, ({ id }) => ({ id, by: 'one' })).active;
    await two.serve(lookUp, ({ id }) => ({ id, by: 'two' })).active;
    const answers = await Promise.all(numbers(60).map((n) => caller.call(lookUp, { id: `${n}` })));
    expect(answers.map(({ id }) => id)).toEqual(numbers(60).map(String));
    expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(['one', 'two']));
  });

  it('never publishes an answer where a requester points it to another subject', async () => {
    const logger = new MemoryLogger();
    const host = await clients.ready(mdm, { logger });
    await host.serve(lookUp, ({ id }) => ({ id, by: 'mdm' })).active;
    const raw = await connect({ servers: server.url });
    try {
      const hijacked = new Probe<string>();
      raw.subscribe('esp.v1.job.victim', { callback: (_, message) => hijacked.add(message.string()) });
      raw.publish(lookUp.subject, '{"id":"a"}', { reply: 'esp.v1.job.victim' });
      await raw.request(lookUp.subject, '{"id":"b"}', { timeout: 2_000, noMux: true, reply: '_INBOX_x.1' });
      await raw.flush();
      expect(hijacked.values).toEqual([]);
      expect(logger.lines.some(({ message }) => message.includes('without a reply inbox'))).toBe(true);
    } finally {
      await raw.close();
    }
  });
});
