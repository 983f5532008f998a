import { createParamDecorator } from '@nestjs/common';
import { configProxyErrors, type Actor, type ApiScope } from '@espalier/contracts';
import type { CallOptions } from '@espalier/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredToken } from '../api-tokens/api-token.store.js';

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Who sent a request that the gate let through. */
export class Caller {
  readonly scopes: ReadonlySet<ApiScope>;

  constructor(
    readonly token: StoredToken,
    private readonly address: string,
    private readonly traceparent: string | undefined,
  ) {
    this.scopes = new Set(token.scopes);
  }

  /** As shown to people, in commands and in the log. */
  get title(): string {
    return `${this.token.name} (API token ${this.token.id})`;
  }

  get actor(): Actor {
    const { id, name } = this.token;
    return { type: 'api-token', id, name, ip: this.address, auth: 'token' };
  }

  /** What a request to another service carries on this caller's behalf. */
  get origin(): CallOptions {
    return {
      actor: this.actor,
      ...(this.traceparent !== undefined && { traceparent: this.traceparent }),
    };
  }
}

const callers = new WeakMap<FastifyRequest, Caller>();

export function rememberCaller(request: FastifyRequest, token: StoredToken): void {
  const trace = request.headers['traceparent'];
  const traceparent = typeof trace === 'string' && TRACEPARENT.test(trace) ? trace : undefined;
  callers.set(request, new Caller(token, request.ip, traceparent));
}

/** Gives a handler the caller of its request. */
export const FromCaller = createParamDecorator((_data: unknown, context): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (caller === undefined) throw new Error('a public endpoint has no caller');
  return caller;
});

/**
 * Refuses whoever lacks the scope, as RFC 6750 §3.1 says it.
 * @throws EspalierError ESP_AUTH_SCOPE_MISSING
 */
export function requireScope(scopes: ReadonlySet<string>, scope: string, reply: FastifyReply): void {
  if (scopes.has(scope)) return;
  void reply.header(
    'www-authenticate',
    `Bearer realm="espalier", error="insufficient_scope", scope="${scope}"`,
  );
  throw configProxyErrors.ESP_AUTH_SCOPE_MISSING({ detail: `Needed: ${scope}.` });
}
