import { adminServiceErrors, commonErrors } from '@espalier/contracts';
import {
  afterPrefix,
  bindArguments,
  bindKey,
  findMethod,
  metadataXml,
  ODataError,
  parseQueryOptions,
  parseRequestPath,
  serviceDocument,
  withModelNames,
  type PathKey,
  type RequestTarget,
  type ServiceContext,
  type ServiceRoute,
  type TypedName,
} from '@espalier/odata';
import { objectPath } from './admin-service.url.js';
import { classNamed, type AdminService, type NamedClass } from './class.catalogue.js';
import type { AdminClass } from './class.model.js';
import type { ClassReader } from './class.reader.js';
import type { DoorAnswer, DoorHandlers, DoorRequest, WriteHandler } from './door.js';
import { approvalAnswer } from './methods/approval.answer.js';

export interface AdminServiceOptions {
  readonly services: Readonly<Record<ServiceRoute, AdminService>>;
  readonly reader: ClassReader;
  readonly handlers: DoorHandlers;
  readonly siteCode: string;
}

/** The site as AdminService of ConfigMgr shows one (sccm.md §1): which object a request is about, and what is done. */
export class AdminServiceService {
  constructor(private readonly options: AdminServiceOptions) {}

  /** @throws EspalierError ESP_ADMIN_SERVICE_*, ESP_AUTH_SCOPE_MISSING, and as the rooms behind the classes say */
  async answer(request: DoorRequest): Promise<DoorAnswer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (error instanceof ODataError) throw toEspalierError(error);
      throw error;
    }
  }

  #answer(request: DoorRequest): Promise<DoorAnswer> | DoorAnswer {
    const [path, query] = splitUrl(request.url);
    const target = parseRequestPath(afterPrefix(path) ?? '');
    const route = target.route ?? 'wmi';
    const context = this.#context(request.host, route);
    if (target.kind === 'service' || target.kind === 'metadata') {
      insistOnGet(request);
      const service = this.options.services[route];
      return target.kind === 'service'
        ? { status: 200, json: serviceDocument(service, context) }
        : { status: 200, text: { type: 'application/xml', content: metadataXml(service) } };
    }
    const named = classNamed(this.options.services[route], target.entity);
    const call = { request, target, ...named, context, route, path, query };
    return request.method === 'GET' ? this.#read(call) : this.#write(call);
  }

  async #read(call: Call): Promise<DoorAnswer> {
    const { request, target, entity, of, context, route, path, query } = call;
    const { reader } = this.options;
    const { visitor } = request;
    const options = parseQueryOptions(query);
    const reading = { context, route, visitor, options, rawQuery: query };
    switch (target.kind) {
      case 'entity-set': {
        visitor.need(entity.scope);
        if (of !== undefined) await reader.find(of.owner, of.key, visitor, of.owner.scope);
        if (target.isCount) return countOf(await reader.count(entity, reading, of?.key));
        const listing = { ...reading, url: absolute(request, path) };
        return { status: 200, body: await reader.list(entity, listing, of?.key) };
      }
      case 'entity': {
        visitor.need(entity.scope);
        const key = { ...bindKey(target.key, entity), ...of?.key };
        return { status: 200, json: await reader.one(entity, key, reading) };
      }
      case 'member': {
        visitor.need(entity.scope);
        const key = { ...bindKey(target.key, entity), ...of?.key };
        if (target.isCount) return countOf(await reader.countMember(entity, key, target.member, reading));
        return {
          status: 200,
          body: await reader.member(entity, key, target.member, { ...reading, url: absolute(request, path) }),
        };
      }
      case 'method':
      case 'static-method':
        return this.#call(call, 'function');
    }
  }

  async #write(call: Call): Promise<DoorAnswer> {
    const { request, entity } = call;
    const target = calledByName(call.target, entity);
    if (target.kind === 'method' || target.kind === 'static-method') {
      if (request.method !== 'POST') throw notAllowed('Methods are called with POST.');
      return this.#call({ ...call, target }, 'action');
    }
    const handler = this.options.handlers.writes[entity.name];
    if (handler === undefined) throw notAllowed(`${entity.name} can only be read.`);
    request.visitor.need(handler.scope);
    if (target.kind === 'entity-set') return this.#create(call, handler);
    if (target.kind === 'entity') return this.#change(call, handler, target.key);
    throw notAllowed('Only objects can be written, not what they lead to.');
  }

  async #create(call: Call, handler: WriteHandler): Promise<DoorAnswer> {
    const { request, entity, context, route } = call;
    const { visitor, method } = request;
    if (method !== 'POST' || handler.create === undefined)
      throw notAllowed(`${entity.name} itself does not take ${method}.`);
    const key = await handler.create(this.#body(call, entity.properties), visitor);
    const json = await this.options.reader.written(entity, key, visitor, { context, route }, handler.scope);
    return { status: 201, location: `${context.baseUrl}/${objectPath(entity.name, key)}`, json };
  }

  async #change(call: Call, handler: WriteHandler, given: PathKey): Promise<DoorAnswer> {
    const { request, entity, context, route } = call;
    const { visitor, method } = request;
    const key = bindKey(given, entity);
    const { reader } = this.options;
    const row = await reader.find(entity, key, visitor, handler.scope);
    if (method === 'DELETE' && handler.remove !== undefined) {
      const approval = await handler.remove(row, visitor);
      return approval ? approvalAnswer(approval, (json) => json) : { status: 204 };
    }
    if ((method !== 'PUT' && method !== 'PATCH') || handler.change === undefined)
      throw notAllowed(`An object of ${entity.name} does not take ${method}.`);
    const body = this.#body(call, entity.properties);
    const approval = await handler.change(row, body, { visitor, isWhole: method === 'PUT' });
    if (approval) return approvalAnswer(approval, (json) => json);
    return {
      status: 200,
      json: await reader.written(entity, key, visitor, { context, route }, handler.scope),
    };
  }

  async #call(calling: Call, wanted: 'action' | 'function'): Promise<DoorAnswer> {
    const { request, target, entity, context } = calling;
    if (target.kind !== 'method' && target.kind !== 'static-method') throw new TypeError(target.kind);
    const method = findMethod(entity, target.method, target.kind === 'static-method');
    if (method.kind !== wanted)
      throw notAllowed(`${method.name} is called with ${method.kind === 'action' ? 'POST' : 'GET'}.`);
    const handler = this.options.handlers.methods[`${entity.name}.${method.name}`];
    if (handler === undefined) throw new TypeError(`Nothing answers ${entity.name}.${method.name}`);
    const { visitor } = request;
    visitor.need(handler.scope);
    const { parameters } = method;
    const args =
      wanted === 'function' ? bindArguments(target.arguments, method) : this.#body(calling, parameters);
    const call = { args, visitor, context };
    if (target.kind === 'static-method') return handler.run(call);
    const row = await this.options.reader.find(entity, bindKey(target.key, entity), visitor, handler.scope);
    return handler.run({ ...call, row });
  }

  #body({ request, route }: Call, items: readonly TypedName[]): Readonly<Record<string, unknown>> {
    return withModelNames(objectOf(request.body), items, this.options.services[route]);
  }

  #context(host: string, route: ServiceRoute): ServiceContext {
    const { siteCode } = this.options;
    return {
      baseUrl: `https://${host}/AdminService/${route}`,
      server: host.replace(/:\d+$/, ''),
      siteCode,
    };
  }
}

interface Call extends NamedClass {
  readonly request: DoorRequest;
  readonly target: Exclude<RequestTarget, { kind: 'service' | 'metadata' }>;
  readonly context: ServiceContext;
  readonly route: ServiceRoute;
  /** As sent. */
  readonly path: string;
  readonly query: string;
}

/** Public modules also write `wmi/SMS_ClientOperation/InitiateClientOperationEx`: no key is called so. */
function calledByName(target: Call['target'], { methods = [] }: AdminClass): Call['target'] {
  if (target.kind !== 'entity' || target.key.kind !== 'single' || target.key.value.kind !== 'segment')
    return target;
  const { value } = target.key.value;
  const isMethod = methods.some(
    ({ name, aliases = [], isStatic }) =>
      isStatic === true && [name, ...aliases].some((known) => known.toLowerCase() === value.toLowerCase()),
  );
  if (!isMethod) return target;
  const { route, entity } = target;
  return { kind: 'static-method', route, entity, method: value, arguments: new Map() };
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

const countOf = (count: number): DoorAnswer => ({
  status: 200,
  text: { type: 'text/plain', content: String(count) },
});

const absolute = ({ host }: DoorRequest, path: string): string => `https://${host}${path}`;

function insistOnGet({ method }: DoorRequest): void {
  if (method !== 'GET') throw notAllowed('Service documents and metadata can only be read.');
}

const notAllowed = (detail: string): Error =>
  adminServiceErrors.ESP_ADMIN_SERVICE_METHOD_NOT_ALLOWED({ detail });

function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw commonErrors.ESP_BAD_REQUEST({ detail: 'The body must be a JSON object.' });
  return body as Readonly<Record<string, unknown>>;
}

function toEspalierError(error: ODataError): Error {
  const options = { detail: error.message, cause: error };
  switch (error.status) {
    case 400:
      return adminServiceErrors.ESP_ADMIN_SERVICE_REQUEST_INVALID(options);
    case 404:
      return adminServiceErrors.ESP_ADMIN_SERVICE_UNKNOWN(options);
    case 501:
      return adminServiceErrors.ESP_ADMIN_SERVICE_NOT_SUPPORTED(options);
  }
}
