import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  afterPrefix,
  bindFilter,
  bindKey,
  entityEnvelope,
  entityOf,
  errorBody,
  evaluateFilter,
  findEntity,
  findMethod,
  listEnvelope,
  metadataXml,
  methodResult,
  ODataError,
  parseFilter,
  parseOrder,
  parseQueryOptions,
  parseRequestPath,
  parseSelect,
  serviceDocument,
  type EntityModel,
  type ODataObject,
  type QueryOptions,
} from './index.js';
import { wmiService } from './service.fixture.js';

type Row = Record<string, unknown>;

const collections: readonly Row[] = ['All Systems', 'Macs', "Anna's Lab"].map((name, index) => ({
  id: `ABC0000${index}`,
  name,
  comment: null,
  member_count: index,
  type: 2,
  is_built_in: index === 0 ? 1 : 0,
  changed_at: Date.UTC(2026, 10, 21),
  rules: [],
}));

interface Answer {
  readonly status: number;
  readonly body?: ODataObject | string;
}

/** A small AdminService over three collections, made of nothing but this library; remembers what was asked. */
export class AdminServiceFixture {
  readonly requests: string[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      void bodyOf(request).then((body) => {
        const answer = this.answer(request, body);
        const isXml = typeof answer.body === 'string';
        response.writeHead(answer.status, {
          'content-type': isXml ? 'application/xml' : 'application/json; odata.metadata=minimal',
          'odata-version': '4.0',
          connection: 'close',
        });
        response.end(isXml ? answer.body : JSON.stringify(answer.body));
      });
    });
  }

  static async start(): Promise<AdminServiceFixture> {
    const fixture = new AdminServiceFixture();
    await new Promise<void>((resolve) => fixture.server.listen(0, '127.0.0.1', resolve));
    return fixture;
  }

  get url(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new TypeError('The server does not listen');
    return `http://127.0.0.1:${address.port}/AdminService/wmi/`;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ method = '', url = '' }: IncomingMessage, body: Row): Answer {
    try {
      const [path = '', query = ''] = url.split('?');
      return this.answerTo(method, path, parseQueryOptions(query), body);
    } catch (error) {
      if (!(error instanceof ODataError)) throw error;
      return { status: error.status, body: errorBody(String(error.status), error.message) };
    }
  }

  private answerTo(method: string, path: string, options: QueryOptions, body: Row): Answer {
    const context = { baseUrl: this.url.slice(0, -1), server: '127.0.0.1', siteCode: 'ABC' };
    const target = parseRequestPath(afterPrefix(path) ?? '/nowhere');
    if (target.kind === 'metadata') return { status: 200, body: metadataXml(wmiService) };
    if (target.kind === 'service') return { status: 200, body: serviceDocument(wmiService, context) };
    const entity: EntityModel<Row> = findEntity(wmiService, target.entity);
    const select = options.select === undefined ? undefined : parseSelect(options.select, entity);
    const lazy = target.kind === 'entity';
    const write = (row: Row): ODataObject => entityOf(entity, row, { context, route: 'wmi', lazy, select });
    if (target.kind === 'method') {
      const called = findMethod(entity, target.method, false);
      return { status: 201, body: methodResult(context, { Called: called.name, With: body }) };
    }
    if (method === 'POST') {
      const created = write({ ...collections[0], id: 'ABC00009', name: body['Name'] });
      return { status: 201, body: entityEnvelope(context, entity, created) };
    }
    if (target.kind === 'entity') {
      const { CollectionID: id } = bindKey(target.key, entity);
      const found = collections.filter((row) => row['id'] === id);
      if (found.length === 0) throw new ODataError(404, `There is no ${String(id)}.`);
      return method === 'DELETE'
        ? { status: 204 }
        : { status: 200, body: listEnvelope(context, entity, found.map(write), { select }) };
    }
    const rows = listed(entity, options);
    const page = rows.slice(options.skip ?? 0, (options.skip ?? 0) + (options.top ?? 100));
    const count = options.count ? rows.length : undefined;
    return { status: 200, body: listEnvelope(context, entity, page.map(write), { count, select }) };
  }
}

function listed(entity: EntityModel<Row>, { filter, orderBy }: QueryOptions): Row[] {
  const expression = filter === undefined ? undefined : parseFilter(filter);
  if (expression !== undefined) bindFilter(expression, entity);
  const values = (row: Row): Row =>
    Object.fromEntries(entity.properties.map(({ name, source }) => [name, row[source?.column ?? '']]));
  const rows = collections.filter(
    (row) => expression === undefined || evaluateFilter(expression, entity, values(row), 0),
  );
  const [field] = orderBy === undefined ? [] : parseOrder(orderBy, entity);
  const column = field?.property.column ?? 'id';
  const ordered = rows.sort((a, b) => (String(a[column]) < String(b[column]) ? -1 : 1));
  return field?.descending === true ? ordered.reverse() : ordered;
}

async function bodyOf(request: IncomingMessage): Promise<Row> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Row);
}
