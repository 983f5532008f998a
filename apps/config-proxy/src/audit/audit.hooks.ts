import type { Actor } from '@espalier/contracts';
import { problemOf, type DeclaredEndpoint, type EndpointSpec } from '@espalier/nest-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { auditPlans, type AuditPlan } from './audit.plans.js';
import type { AuditEntry, AuditRecorder } from './audit.entry.js';
import type { RefusalTally } from './refusal.tally.js';
import type { SignInMemory } from './sign-in.memory.js';

/** What is recorded of whoever sent a request. */
export interface AuditedCaller {
  readonly administrator: { readonly id: string; readonly name: string; readonly kind: Actor['type'] };
  readonly method: string;
  readonly credentialId: string;
}

export interface AuditHooksOptions {
  readonly audit: Pick<AuditRecorder, 'recordAlone'>;
  readonly refusals: Pick<RefusalTally, 'refused'>;
  readonly endpoints: readonly DeclaredEndpoint[];
  readonly callerOf: (request: FastifyRequest) => AuditedCaller | undefined;
  readonly signIns: SignInMemory;
  /** What a path is about whose route does not say it. */
  readonly targetsOf?: ((path: string) => AuditEntry['targets']) | undefined;
  readonly logger: { error(fields: object, message: string): void };
}

/**
 * Records, around the handlers of a server, every request that changes something (and every other one to an endpoint
 * with `audit`): `begun` before the handler, so that nothing is done that is not recorded, and how it ended before the
 * answer goes out; everybody who is refused at the door, wherever they wanted to go; and who was let in, once an hour.
 */
export function auditHooks(options: AuditHooksOptions): (fastify: FastifyInstance) => void {
  const { audit, refusals, logger } = options;
  const plans = auditPlans(options.endpoints);
  const begun = new WeakMap<FastifyRequest, AuditEntry>();

  const entryOf = (request: FastifyRequest, plan: AuditPlan, body?: unknown): AuditEntry => {
    const caller = options.callerOf(request);
    const sent = sentPath(request);
    const targets = [
      ...(sent.path === undefined ? [] : (options.targetsOf?.(sent.path) ?? [])),
      ...plan.targets(request.params, body),
    ];
    return {
      action: plan.action,
      outcome: 'begun',
      actor: caller === undefined ? null : actorOf(caller, request.ip),
      credentialId: caller?.credentialId,
      address: request.ip,
      targets,
      requestId: request.id,
      approvalId: approvalIn(targets),
      details: { ...plan.details(body), ...sent },
    };
  };

  return (fastify) => {
    fastify.addHook('onRoute', ({ method, url, config }) => {
      if (planOf(plans, config) === undefined)
        throw new Error(`${String(method)} ${url} is not among the endpoints that are audited`);
    });

    fastify.addHook('preHandler', async (request) => {
      const plan = planOf(plans, request.routeOptions.config);
      await recordSignIn(request);
      if (plan?.audited !== true) return;
      const entry = entryOf(request, plan, request.body);
      await audit.recordAlone(entry);
      begun.set(request, entry);
    });

    fastify.addHook('onSend', async (request, reply, payload) => {
      const plan = planOf(plans, request.routeOptions.config);
      if (plan === undefined) return;
      const entry = begun.get(request);
      begun.delete(request);
      if (entry !== undefined)
        await recordEnd(request, () => endOf(entry, plan, { request, reply, payload }));
      else if (REFUSALS.has(reply.statusCode) || (plan.audited && reply.statusCode === HIDDEN))
        await refusals.refused(refusalOf(entryOf(request, plan), request, reply));
    });
  };

  async function recordSignIn(request: FastifyRequest): Promise<void> {
    const caller = options.callerOf(request);
    if (caller === undefined || !options.signIns.isNew(caller.credentialId, request.ip)) return;
    try {
      await audit.recordAlone({
        action: 'access.granted',
        outcome: 'succeeded',
        actor: actorOf(caller, request.ip),
        credentialId: caller.credentialId,
        address: request.ip,
        targets: [],
        requestId: request.id,
      });
    } catch (error) {
      // Reading goes on where nothing can be recorded; what changes something says so itself.
      options.signIns.forget(caller.credentialId, request.ip);
      logger.error({ err: error, requestId: request.id }, 'a sign-in could not be recorded');
    }
  }

  async function recordEnd(request: FastifyRequest, entry: () => AuditEntry): Promise<void> {
    try {
      await audit.recordAlone(entry());
    } catch (error) {
      // It is done, and the log says that it was begun: the caller gets the answer all the same.
      logger.error({ err: error, requestId: request.id }, 'how an action ended could not be recorded');
    }
  }
}

/** Statuses of who is not let in, whether at the gate or by a handler that only reads. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429]);

/** The gate's answer to who may do it, but not to this: to them it does not exist. */
const HIDDEN = 404;

const planOf = (plans: ReadonlyMap<EndpointSpec, AuditPlan>, config: unknown): AuditPlan | undefined => {
  const { endpoint } = (config ?? {}) as { endpoint?: EndpointSpec };
  return endpoint === undefined ? undefined : plans.get(endpoint);
};

/** The person or service account, whichever of their tokens they used: that is `credentialId`. */
export const actorOf = ({ administrator, method }: AuditedCaller, ip: string): Actor => ({
  type: administrator.kind,
  id: administrator.id,
  name: administrator.name,
  ip,
  auth: method,
});

/** What is asked for, decided on, or made where an action waits for a second person. */
const approvalIn = (targets: AuditEntry['targets']): string | undefined =>
  targets.find(({ type }) => type === 'approval')?.id;

interface Answered {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly payload: unknown;
}

function endOf(entry: AuditEntry, plan: AuditPlan, { request, reply, payload }: Answered): AuditEntry {
  const { statusCode } = reply;
  const made = statusCode < 400 ? plan.made(reply.getHeader('location'), payload) : [];
  const targets = [...entry.targets, ...made];
  return {
    ...entry,
    outcome: statusCode < 400 ? 'succeeded' : statusCode < 500 ? 'refused' : 'failed',
    targets,
    approvalId: approvalIn(targets),
    details: { ...entry.details, status: statusCode },
    ...errorCodeOf(request),
  };
}

function refusalOf(entry: AuditEntry, request: FastifyRequest, reply: FastifyReply): AuditEntry {
  const { action, actor } = entry;
  const { method, routeOptions } = request;
  return {
    ...entry,
    // Of somebody unknown it says nothing that they knocked at this door or that.
    action: actor === null ? 'access.refused' : action,
    outcome: 'refused',
    details: {
      kind: action,
      method,
      path: entry.details?.['path'] ?? routeOptions.url ?? '',
      status: reply.statusCode,
    },
    ...errorCodeOf(request),
  };
}

const errorCodeOf = (request: FastifyRequest): { errorCode?: string } => {
  const code = problemOf(request)?.code;
  return code === undefined ? {} : { errorCode: code };
};

/** Where the route says nothing of what is meant, as in AdminService's: the path that was sent, without the query. */
const sentPath = ({ url, originalUrl }: FastifyRequest): { path?: string } =>
  url === originalUrl ? {} : { path: originalUrl.split('?', 1)[0] ?? '' };
