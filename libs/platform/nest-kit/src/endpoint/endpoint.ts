import {
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
  applyDecorators,
  type Type,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import type { Problem } from '../errors/problem.js';

export type EndpointMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * What becomes of callers who are limited to a part of the site. `self`: what it shows or does concerns only the
 * caller, or lies in no part of the site: they are let in. `filtered`: they are let in, and the handler keeps to what
 * they reach. An object names the path parameter that must be in their reach, otherwise it is as if it did not exist.
 * `site`, or nothing: not for them.
 */
export type EndpointReach =
  | 'self'
  | 'site'
  | 'filtered'
  | { readonly device: string }
  | { readonly collection: string }
  | { readonly deployment: string }
  | { readonly enrollment: string }
  | { readonly command: string };

/**
 * One operation of an HTTP API, from which routing, access, validation and OpenAPI come. Unknown keys of params,
 * query and body are refused by name; nested objects of a body must be `z.strictObject` for the same.
 */
export interface EndpointSpec {
  readonly method: EndpointMethod;
  /** Whole path, as in `/api/v1/enrollments/:id`. */
  readonly path: `/${string}`;
  /** What the caller needs: the name of a scope, `any` for whoever is known, `public` for everybody. */
  readonly scope: string;
  readonly reach?: EndpointReach;
  /** A few words. */
  readonly summary: string;
  readonly description?: string;
  /** Groups operations in the documentation. */
  readonly tag?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Names in lower case; other headers are left alone. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /**
   * Content types of a body that the handler reads by itself with `@BodyStream()`, of any size and for any time as
   * long as bytes come; instead of `body`, or beside one that is JSON.
   */
  readonly streams?: readonly string[];
  /** JSON that the handler gives back; without it the answer is empty (204) or of `contentType`. */
  readonly response?: z.ZodType;
  /** True where the handler writes the answer itself (`@Res()`) and gives nothing back. */
  readonly ownAnswer?: true;
  /** Default: 200, 204 where `response` is missing. */
  readonly status?: number;
  /** Where the handler answers something else than JSON, or also something else: all that it may be. */
  readonly contentType?: string | readonly string[];
  /** Names of response headers and what they say. */
  readonly responseHeaders?: Readonly<Record<string, string>>;
  /** An example body of a request. Default: one that is made of the schema. */
  readonly example?: unknown;
  /** True: whoever does it is recorded, also where it only reads, as a secret. Default: whether it changes something. */
  readonly audit?: boolean;
  /** How errors look, as JSON, where the protocol of the endpoint has a shape of its own. Default: problem+json. */
  readonly errorBody?: (problem: Problem) => object;
}

type Part<S, K extends string> = S extends { readonly [P in K]: infer Z extends z.ZodType }
  ? z.output<Z>
  : Readonly<Record<string, never>>;

/** What a handler gets: the parts of the request as their schemas let them through. */
export interface InputOf<S extends EndpointSpec> {
  readonly params: Part<S, 'params'>;
  readonly query: Part<S, 'query'>;
  readonly headers: Part<S, 'headers'>;
  readonly body: Part<S, 'body'>;
}

/** What a handler gives back. */
export type ResultOf<S extends EndpointSpec> = S extends { readonly ownAnswer: true }
  ? void
  : S extends { readonly response: infer Z extends z.ZodType }
    ? z.output<Z>
    : void;

/** Names an endpoint, so that its handler can be typed by it: `@Input() input: InputOf<typeof listDevices>`. */
export const defineEndpoint = <const S extends EndpointSpec>(spec: S): S => spec;

const METADATA = Symbol('espalier:endpoint');

/** Makes a method of a controller answer an endpoint. The method's result must fit the endpoint's response. */
export function Endpoint<const S extends EndpointSpec>(
  spec: S,
): <T extends (...args: never[]) => ResultOf<S> | Promise<ResultOf<S>>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<T>,
) => void {
  const strict: EndpointSpec = {
    ...spec,
    ...(spec.params !== undefined && { params: spec.params.strict() }),
    ...(spec.query !== undefined && { query: spec.query.strict() }),
  };
  const config: EndpointRouteConfig = { endpoint: strict };
  return applyDecorators(
    RequestMapping({ method: RequestMethod[spec.method], path: spec.path }),
    HttpCode(statusOf(spec)),
    SetMetadata(METADATA, strict),
    RouteConfig(config),
  );
}

/** What `@Endpoint` leaves on Fastify's route. */
export interface EndpointRouteConfig {
  readonly endpoint?: EndpointSpec;
}

export const statusOf = (spec: EndpointSpec): number =>
  spec.status ?? (spec.response === undefined && spec.contentType === undefined ? 204 : 200);

/** An endpoint with the name of the method that answers it. */
export interface DeclaredEndpoint {
  readonly spec: EndpointSpec;
  readonly operationId: string;
}

/** Every endpoint of the controllers, in the order of their declaration. */
export function endpointsOf(controllers: readonly Type[]): DeclaredEndpoint[] {
  return controllers.flatMap((controller) => {
    const prototype = controller.prototype as Record<string, unknown>;
    return Object.getOwnPropertyNames(prototype).flatMap((operationId) => {
      const method = prototype[operationId];
      if (typeof method !== 'function') return [];
      const spec = Reflect.getMetadata(METADATA, method) as EndpointSpec | undefined;
      return spec === undefined ? [] : [{ spec, operationId }];
    });
  });
}
