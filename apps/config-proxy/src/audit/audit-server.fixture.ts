import type { Readable } from 'node:stream';
import { Controller, Module, Req, Res, type DynamicModule, type Type } from '@nestjs/common';
import { commonErrors, configProxyErrors } from '@espalier/contracts';
import {
  BodyStream,
  defineEndpoint,
  Endpoint,
  endpointsOf,
  Input,
  readBodyStream,
  startNest,
  type Gate,
  type InputOf,
  type ResultOf,
} from '@espalier/nest-kit';
import { openDatabase, type Database } from '@espalier/persistence';
import { createMetrics, Lifecycle } from '@espalier/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf, rememberCaller, requireScope } from '../access/caller.js';
import { specAdministrator, specCredential } from '../access/open-gate.fixture.js';
import { auditMigrations, auditSite, newVault, silent, type AuditSite } from './audit.fixture.js';
import { auditControllers, auditProviders } from './audit.rooms.js';

const ids = z.object({ id: z.string() });

const submitCommands = defineEndpoint({
  method: 'POST',
  path: '/api/v1/commands',
  scope: 'commands:write',
  summary: 'As the real one',
  body: z.strictObject({
    enrollmentIds: z.array(z.string()).min(1),
    command: z.strictObject({ requestType: z.string(), pin: z.string().optional() }),
    reason: z.string().optional(),
  }),
  status: 202,
});
const createToken = defineEndpoint({
  method: 'POST',
  path: '/api/v1/tokens',
  scope: 'tokens:admin',
  summary: 'As the real one',
  body: z.strictObject({ name: z.string(), scopes: z.array(z.string()) }),
  response: z.object({ token: z.object({ id: z.string() }), secret: z.string() }),
  status: 201,
});
const deleteDevice = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/devices/:id/users/:userId',
  scope: 'devices:write',
  summary: 'Fails as its id says',
  params: z.object({ id: z.string(), userId: z.string() }),
});
const readKey = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:id/recovery-key',
  scope: 'secrets:read',
  summary: 'Read a secret',
  params: ids,
  response: z.object({ key: z.string() }),
});
const readDevice = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:id',
  scope: 'devices:read',
  summary: 'Read what is no secret',
  params: ids,
  response: z.object({ id: z.string() }),
});
const knock = defineEndpoint({
  method: 'POST',
  path: '/door',
  scope: 'any',
  summary: 'As AdminService',
  errorBody: ({ title }) => ({ error: title }),
});
const upload = defineEndpoint({
  method: 'PUT',
  path: '/api/v1/content/:id',
  scope: 'library:write',
  summary: 'A body of its own type',
  params: ids,
  streams: ['application/octet-stream'],
});

/** What handlers did, in order; a test may look at the log from inside. */
export class Doings {
  readonly done: string[] = [];
  look: () => Promise<void> = () => Promise.resolve();
}

@Controller()
class SpecController {
  static doings = new Doings();

  @Endpoint(submitCommands)
  async submitCommands(
    @Input() { body }: InputOf<typeof submitCommands>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { doings } = SpecController;
    await doings.look();
    doings.done.push(body.command.requestType);
    if (body.command.requestType === 'EraseDevice') void reply.header('location', '/api/v1/approvals/A-1');
    else void reply.header('location', '/api/v1/commands/C-1');
  }

  @Endpoint(createToken)
  createToken(): ResultOf<typeof createToken> {
    return { token: { id: 'T-1' }, secret: 'canary' };
  }

  @Endpoint(deleteDevice)
  deleteDevice(@Input() { params }: InputOf<typeof deleteDevice>): void {
    if (params.id === 'unknown') throw commonErrors.ESP_NOT_FOUND();
    if (params.id === 'broken') throw new Error('canary');
    SpecController.doings.done.push(`deleted ${params.id}`);
  }

  @Endpoint(readKey)
  readKey(): ResultOf<typeof readKey> {
    return { key: 'canary' };
  }

  @Endpoint(readDevice)
  readDevice(@Input() { params }: InputOf<typeof readDevice>): ResultOf<typeof readDevice> {
    if (params.id === 'forbidden') throw configProxyErrors.ESP_AUTH_SCOPE_MISSING();
    return params;
  }

  @Endpoint(knock)
  knock(@Req() _request: FastifyRequest): void {
    throw commonErrors.ESP_BAD_REQUEST();
  }

  @Endpoint(upload)
  async upload(@BodyStream() body: Readable): Promise<void> {
    const bytes = await readBodyStream(body, 1_000);
    SpecController.doings.done.push(`took ${bytes.length}`);
  }
}

/** Knows `Bearer jane`, who may do everything, and `Bearer reader`, who may read devices. */
const gate: Gate = {
  admit: (request, reply, endpoint) => {
    const name = request.headers.authorization?.replace('Bearer ', '');
    if (name === undefined) throw configProxyErrors.ESP_AUTH_TOKEN_MISSING();
    if (name !== 'jane' && name !== 'reader') throw configProxyErrors.ESP_AUTH_TOKEN_INVALID();
    const administrator = { ...specAdministrator, id: name, name: `${name}!`, kind: 'person' as const };
    rememberCaller(request, { ...specCredential, administrator });
    if (name === 'reader') requireScope(new Set(['devices:read']), endpoint.scope, reply);
    if ((request.params as { id?: string }).id === 'hidden') throw commonErrors.ESP_NOT_FOUND();
    return Promise.resolve();
  },
};

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class SpecModule {}

export interface AuditServer {
  readonly doings: Doings;
  readonly url: string;
  stop(): Promise<void>;
}

/** A door with the audit API and some endpoints, every one of them audited, behind a gate of its own. */
export async function startAuditServer(
  { rooms }: Pick<AuditSite, 'rooms'>,
  { audited = true }: { readonly audited?: boolean } = {},
): Promise<AuditServer> {
  const doings = new Doings();
  SpecController.doings = doings;
  const controllers: Type[] = [SpecController, ...auditControllers];
  const module: DynamicModule = { module: SpecModule, controllers, providers: auditProviders(rooms) };
  const lifecycle = new Lifecycle({ logger: silent, graceMs: 5_000 });
  const { port } = await startNest({ logger: silent, lifecycle, metrics: createMetrics('spec') }, module, {
    name: 'spec',
    host: '127.0.0.1',
    port: 0,
    gate,
    rewriteUrl: (url) => (url.startsWith('/door/') ? '/door' : url),
    ...(audited && { hooks: rooms.hooks({ endpoints: endpointsOf(controllers), callerOf }) }),
  });
  return {
    doings,
    url: `http://127.0.0.1:${port}`,
    stop: () => lifecycle.shutdown('the spec is over'),
  };
}

/** A site with a database of its own, and its door. */
export interface AuditDoor {
  readonly db: Database;
  readonly site: AuditSite;
  readonly server: AuditServer;
  stop(): Promise<void>;
}

/** Both on an empty database in memory, at a fixed time. */
export async function openAuditDoor(
  options: { readonly checkpointRecords?: number } = {},
): Promise<AuditDoor> {
  const db = openDatabase({
    url: 'sqlite::memory:',
    schema: 'config_proxy',
    migrations: auditMigrations,
    logger: silent,
  });
  await db.migrate();
  const site = auditSite(db, { vault: newVault(), now: () => new Date(1_700_049_600_000), ...options });
  const server = await startAuditServer(site);
  const stop = async (): Promise<void> => {
    await server.stop();
    await site.rooms.stop();
    await db.close();
  };
  return { db, site, server, stop };
}
